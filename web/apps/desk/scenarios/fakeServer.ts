import { chain, found, siteEvents, siteSecrets, words } from './administration.ts';
import type { World } from './world.ts';

const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json' },
  });
const problem = (status: number, code: string, title: string) =>
  json({ type: 'about:blank', status, code, title }, status);

/** Answers the calls of the desk from the world. Tests and pictures only. */
export function fakeServer(world: World): (request: Request) => Promise<Response> {
  let drafts = 0;
  return async (request) => {
    const { pathname } = new URL(request.url);
    const refused = world.refuse[pathname];
    if (refused === 'never') return new Promise(() => {});
    if (refused) return problem(refused.status, refused.code, refused.title);
    if (pathname === '/api/v1/auth/me')
      return world.me
        ? json({ staff: world.me, password_rule: { least: 10, history: 5, days: 0 } })
        : problem(401, 'not_logged_in', '请先登录');
    if (pathname === '/api/v1/file/rules')
      return json({ image_mb: 10, document_mb: 20, types: [{ ending: 'pdf', media_type: 'application/pdf' }] });
    if (pathname.startsWith('/api/v1/customer/')) return json({ customer: world.customer });
    if (pathname.endsWith('/draft')) {
      if (request.method === 'GET') return problem(404, 'not_found', '没有草稿');
      const body = (await request.json()) as { text: string };
      drafts += 1;
      return json({ text: body.text, rev: drafts });
    }
    const conversation = /^\/api\/v1\/conversation\/([^/]+)/.exec(pathname)?.[1];
    if (conversation) {
      const held = world.inbox.conversations.find(({ id }) => id === conversation);
      return held ? json({ conversation: held }) : problem(404, 'not_found', '找不到这个会话');
    }
    const asked = auditAnswer(pathname);
    if (asked) return asked;
    if (pathname === '/api/v1/conversation') return json({ items: [] });
    if (pathname === '/api/v1/backup') return request.method === 'GET' ? json(world.backups) : json({ id: 'b9' }, 202);
    const lists: Record<string, unknown[]> = {
      '/api/v1/staff': world.staff,
      '/api/v1/staff/roles': world.roles,
      '/api/v1/staff/groups': world.groups,
      '/api/v1/staff/branches': world.branches,
      '/api/v1/channel/sites': world.sites,
      '/api/v1/channel/sites/s1/secrets': siteSecrets,
      '/api/v1/channel/sites/s1/changes': siteEvents,
      '/api/v1/setting': world.settings,
      '/api/v1/audit': world.audit,
    };
    const list = lists[pathname];
    if (list && request.method === 'GET') return json({ items: list });
    if (pathname === '/api/v1/staff')
      return json(
        { staff: { ...world.staff[0], ...((await request.json()) as object) }, secret: 'k7wq-3hbe-9tzn-vm4x' },
        201,
      );
    if (pathname === '/api/v1/auth/logout') return json({});
    return world.refuse[pathname] === undefined ? problem(404, 'not_found', `没有 ${pathname}`) : json({});
  };
}

function auditAnswer(pathname: string): Response | undefined {
  switch (pathname) {
    case '/api/v1/audit/words':
      return json(words);
    case '/api/v1/audit/people':
      return json({ items: [{ id: '7001', name: '何敏', login: '0716' }] });
    case '/api/v1/audit/chain':
      return json(chain);
    case '/api/v1/audit/chain/check':
      return json(found);
    case '/api/v1/audit/export':
      return new Response('\ufeff序号\r\n', { headers: { 'Content-Type': 'text/csv' } });
    default:
      return undefined;
  }
}
