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
  phone_masked?: string;
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
export interface Staff extends Named {
  login: string;
  active: boolean;
}
export interface StaffWish {
  login: string;
  name: string;
}
export interface Role extends Named {
  permissions: string[];
}
export type Group = Named;
export interface Branch extends Named {
  parent?: string;
}
export interface Setting {
  key: string;
  value: unknown;
}
export interface AuditRow {
  id: string;
  at: number;
  action: string;
}
