/** The rooms of the desk that not everybody may enter, and the permissions any of which opens each. */
export type Right =
  | 'view'
  | 'serve'
  | 'others'
  | 'customer'
  | 'staff'
  | 'setting'
  | 'site'
  | 'latency'
  | 'audit'
  | 'backup';

const permissions: Record<Right, readonly string[]> = {
  view: ['conversation.view'],
  serve: ['conversation.serve'],
  others: ['conversation.end_any'],
  customer: ['customer.view'],
  // Every agent may look colleagues up; the room is for those who change something in it.
  staff: ['staff.manage', 'staff.secure', 'role.manage', 'group.manage', 'branch.manage', 'session.manage'],
  setting: ['setting.view'],
  site: ['site.manage'],
  // Whoever runs the installation.
  latency: ['setting.manage'],
  audit: ['audit.view'],
  backup: ['backup.manage'],
};

export function holds(held: readonly string[], right: Right): boolean {
  return permissions[right].some((permission) => held.includes(permission));
}

/** The first room somebody may enter, by the name of its route. */
export function firstRoom(held: readonly string[]): string {
  const rooms: [Right, string][] = [
    ['view', 'conversation'],
    ['staff', 'staff'],
    ['setting', 'setting'],
    ['site', 'site'],
    ['audit', 'audit'],
    ['backup', 'backup'],
  ];
  return rooms.find(([right]) => holds(held, right))?.[1] ?? 'missing';
}
