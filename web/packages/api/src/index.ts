import type { components } from './schema.d.ts';

export { type Api, type ApiOptions, createApi } from './client.ts';
export { ApiError, answer } from './error.ts';

type Schemas = components['schemas'];

/** What the server says of itself, by the names its clients use. */
export type AuditPerson = Schemas['AuditPerson'];
export type AuditRow = Schemas['AuditRow'];
export type AuditWords = Schemas['AuditWords'];
export type BackupOverview = Schemas['BackupOverview'];
export type BackupRun = Schemas['BackupRun'];
export type Branch = Schemas['Branch'];
export type ChainFinding = Schemas['ChainFinding'];
export type ChainPart = Schemas['ChainPart'];
export type ChainState = Schemas['ChainState'];
export type Choice = Schemas['Choice'];
export type Customer = Schemas['Customer'];
export type FactorState = Schemas['FactorState'];
export type Group = Schemas['Group'];
export type IdentityLink = Schemas['IdentityLink'];
export type Lately = Schemas['Lately'];
export type Me = Schemas['Me'];
export type Named = Schemas['Named'];
export type NewStaff = Schemas['NewStaff'];
export type RightsChange = Schemas['RightsChange'];
export type PasswordRule = Schemas['PasswordRule'];
export type Role = Schemas['StaffRole'];
export type Scope = Schemas['ScopeItem'];
export type ScopeKind = Schemas['ScopeKind'];
export type Security = Schemas['Security'];
export type Session = Schemas['Session'];
export type Setting = Schemas['SettingView'];
export type SettingValue = Schemas['ValueView'];
export type Site = Schemas['Site'];
export type NewSite = Schemas['NewSite'];
export type SiteChange = Schemas['SiteChange'];
export type SiteLogo = Schemas['SiteLogo'];
export type SiteEvent = Schemas['SiteEvent'];
export type SiteSecret = Schemas['Secret'];
export type Staff = Schemas['Staff'];
export type StaffChange = Schemas['StaffChange'];
/** A conversation as a call answers it. */
export type Told = Schemas['Conversation'];
