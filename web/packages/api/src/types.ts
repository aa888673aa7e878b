/** The shapes the desk works with, until they come out of the generated schema. */
import type { Conversation } from '@yingda/realtime';

export type { Conversation };

export interface Page<T> {
  items: T[];
  next?: string;
}
export interface Me {
  id: string;
  login: string;
  name: string;
  permissions: string[];
  must_change_password?: boolean;
}
export interface Session {
  id: string;
  current: boolean;
  created_at: number;
  seen_at: number;
  client?: string;
  address?: string;
}
export interface Draft {
  text: string;
  rev: number;
}
export interface CustomerFact {
  label: string;
  value: string;
}
export interface CustomerEpisode {
  id: string;
  opened_at: number;
  closed_at?: number;
  state: string;
  subject?: string;
}
export interface Customer {
  id: string;
  name: string;
  tags: string[];
  facts: CustomerFact[];
  first_seen_at: number;
  last_seen_at: number;
  conversations: CustomerEpisode[];
}
export interface Named {
  id: string;
  name: string;
}
/** What a member of staff may see beyond their own conversations. */
export interface Scope {
  kind: 'group' | 'branch' | 'all';
  target?: string;
}
export interface Staff extends Named {
  /** For those who manage staff, as are roles and scopes. */
  login?: string;
  branch?: string;
  groups: string[];
  roles?: string[];
  scopes?: Scope[];
  max_conversations: number;
  is_active: boolean;
  rev: number;
  created_at: number;
}
export interface StaffWish {
  name: string;
  branch?: string;
  roles: string[];
  groups: string[];
  scopes: Scope[];
  max_conversations: number;
  is_active: boolean;
}
export interface Role extends Named {
  is_builtin: boolean;
  permissions: string[];
}
export interface Group extends Named {
  branch?: string;
  is_active: boolean;
  members: number;
}
export interface Branch extends Named {
  parent?: string;
}
export interface Setting {
  key: string;
  title?: string;
  kind: 'bool' | 'int' | 'text' | 'choice';
  value: unknown;
  default: unknown;
  scope: string;
  choices?: string[];
  min?: number;
  max?: number;
}
export interface AuditRow {
  id: string;
  at: number;
  actor: { kind: string; id: string; name: string };
  action: string;
  object: { kind: string; id: string };
  result: 'done' | 'refused';
  code?: string;
  address: string;
  request: string;
  before?: unknown;
  after?: unknown;
}
