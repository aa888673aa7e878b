/** Written by hand until the server's own description exists; then this file is generated. */
import type {
  AuditRow,
  Branch,
  Conversation,
  Customer,
  Draft,
  Group,
  Me,
  Page,
  Role,
  Session,
  Setting,
  Staff,
  StaffWish,
} from './types.ts';

interface Answers<Answer> {
  responses: {
    200: { headers: Record<string, unknown>; content: { 'application/json': Answer } };
    default: { headers: Record<string, unknown>; content: { 'application/problem+json': Problem } };
  };
}
interface Read<Answer, Query = never> extends Answers<Answer> {
  parameters: { query?: Query; header?: never; path?: never; cookie?: never };
  requestBody?: never;
}
interface ReadOf<Path, Answer> extends Answers<Answer> {
  parameters: { query?: never; header?: never; path: Path; cookie?: never };
  requestBody?: never;
}
interface Write<Body, Answer> extends Answers<Answer> {
  parameters: { query?: never; header?: { 'Idempotency-Key'?: string }; path?: never; cookie?: never };
  requestBody: { content: { 'application/json': Body } };
}
interface WriteOf<Path, Body, Answer> extends Answers<Answer> {
  parameters: { query?: never; header?: { 'Idempotency-Key'?: string }; path: Path; cookie?: never };
  requestBody: { content: { 'application/json': Body } };
}
interface Upload<Query, Answer> extends Answers<Answer> {
  parameters: { query: Query; header?: never; path?: never; cookie?: never };
  requestBody: { content: { 'image/png': Blob } };
}
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail?: string;
}
interface Id {
  id: string;
}
type Nothing = Record<string, never>;

export interface paths {
  '/api/v1/auth/login': {
    post: Write<{ login: string; password: string }, { staff?: Me; must_change_password?: boolean }>;
  };
  '/api/v1/auth/logout': { post: Write<Nothing, Nothing> };
  '/api/v1/auth/me': { get: Read<{ staff: Me }> };
  '/api/v1/auth/password': { post: Write<{ old: string; new: string }, Nothing> };
  '/api/v1/auth/sessions': { get: Read<{ items: Session[] }> };
  '/api/v1/auth/sessions/{id}': { delete: ReadOf<Id, Nothing> };
  '/api/v1/conversation': { get: Read<Page<Conversation>, { box?: string; after?: string; limit?: number }> };
  '/api/v1/conversation/{id}': { get: ReadOf<Id, { conversation: Conversation }> };
  '/api/v1/conversation/{id}/accept': { post: WriteOf<Id, Nothing, { conversation: Conversation }> };
  '/api/v1/conversation/{id}/close': { post: WriteOf<Id, { reason?: string }, { conversation: Conversation }> };
  '/api/v1/conversation/{id}/reopen': { post: WriteOf<Id, Nothing, { conversation: Conversation }> };
  '/api/v1/conversation/{id}/recall': { post: WriteOf<Id, { seq: number }, Nothing> };
  '/api/v1/conversation/{id}/draft': { get: ReadOf<Id, Draft>; put: WriteOf<Id, Draft, Draft> };
  '/api/v1/file/images': {
    post: Upload<{ conversation: string }, { file: { id: string; width: number; height: number } }>;
  };
  '/api/v1/file/{id}/link': { post: WriteOf<Id, Nothing, { url: string; expires_at: number }> };
  '/api/v1/customer/{id}': { get: ReadOf<Id, { customer: Customer }> };
  '/api/v1/staff': {
    get: Read<Page<Staff>, { after?: string; limit?: number; search?: string; is_active?: boolean; group?: string }>;
    post: Write<Omit<StaffWish, 'is_active'> & { login: string }, { staff: Staff; secret?: string }>;
  };
  '/api/v1/staff/{id}': { patch: WriteOf<Id, Partial<StaffWish> & { rev: number }, { staff: Staff }> };
  '/api/v1/staff/{id}/sessions': { delete: ReadOf<Id, Nothing> };
  '/api/v1/staff/{id}/password': { post: ReadOf<Id, { secret: string }> };
  '/api/v1/staff/roles': {
    get: Read<{ items: Role[] }>;
    post: Write<{ name: string; permissions: string[] }, { role: Role }>;
  };
  '/api/v1/staff/roles/{id}': {
    patch: WriteOf<Id, { name: string; permissions: string[] }, { role: Role }>;
    delete: ReadOf<Id, Nothing>;
  };
  '/api/v1/staff/groups': {
    get: Read<{ items: Group[] }>;
    post: Write<{ name: string; branch?: string }, { group: Group }>;
  };
  '/api/v1/staff/groups/{id}': {
    patch: WriteOf<Id, { name?: string; branch?: string; is_active?: boolean }, { group: Group }>;
  };
  '/api/v1/staff/branches': {
    get: Read<{ items: Branch[] }>;
    post: Write<{ name: string; parent?: string }, { branch: Branch }>;
  };
  '/api/v1/staff/branches/{id}': { patch: WriteOf<Id, { name?: string; parent?: string }, { branch: Branch }> };
  '/api/v1/setting': {
    get: Read<{ items: Setting[] }>;
    put: Write<{ key: string; value: unknown; scope: string }, { setting: Setting }>;
  };
  '/api/v1/audit': {
    get: Read<
      Page<AuditRow>,
      { after?: string; limit?: number; action?: string; actor?: string; result?: 'done' | 'refused' }
    >;
  };
}
