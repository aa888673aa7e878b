/** The rooms of the desk that not everybody may enter, and the permission that opens each. */
export type Right = 'view' | 'serve' | 'customer' | 'staff' | 'setting' | 'audit';

const permissions: Record<Right, string> = {
  view: 'conversation.view',
  serve: 'conversation.serve',
  customer: 'customer.view',
  staff: 'staff.view',
  setting: 'setting.view',
  audit: 'audit.view',
};

export function holds(held: readonly string[], right: Right): boolean {
  return held.includes(permissions[right]);
}

/** The first room somebody may enter, by the name of its route. */
export function firstRoom(held: readonly string[]): string {
  const rooms: [Right, string][] = [
    ['view', 'conversation'],
    ['staff', 'staff'],
    ['setting', 'setting'],
    ['audit', 'audit'],
  ];
  return rooms.find(([right]) => holds(held, right))?.[1] ?? 'missing';
}
