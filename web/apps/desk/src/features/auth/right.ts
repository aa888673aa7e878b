/** The rooms of the desk that not everybody may enter, and the permission that opens each. */
export type Right = 'serve' | 'staff' | 'setting' | 'audit';

const permissions: Record<Right, string> = {
  serve: 'conversation.serve',
  staff: 'staff.view',
  setting: 'setting.view',
  audit: 'audit.view',
};

export function holds(held: readonly string[], right: Right): boolean {
  return held.includes(permissions[right]);
}
