import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router';
import { firstRoom, type Right } from './features/auth/right.ts';
import type { useSession } from './features/auth/session.ts';

declare module 'vue-router' {
  interface RouteMeta {
    /** Reachable without a session. */
    open?: boolean;
    right?: Right;
  }
}

const routes: RouteRecordRaw[] = [
  { path: '/login', name: 'login', component: () => import('./features/auth/LoginPage.vue'), meta: { open: true } },
  { path: '/signed', name: 'signed', component: () => import('./features/auth/SignedPage.vue'), meta: { open: true } },
  { path: '/password', name: 'password', component: () => import('./features/auth/PasswordPage.vue') },
  { path: '/second-factor', name: 'enrol', component: () => import('./features/auth/EnrolPage.vue') },
  {
    path: '/',
    component: () => import('./shell/DeskLayout.vue'),
    children: [
      {
        path: 'conversation/:id?',
        name: 'conversation',
        component: () => import('./features/conversation/WorkspacePage.vue'),
        meta: { right: 'view' },
      },
      {
        path: 'staff',
        name: 'staff',
        component: () => import('./features/staff/StaffPage.vue'),
        meta: { right: 'staff' },
      },
      {
        path: 'staff/group',
        name: 'group',
        component: () => import('./features/staff/GroupPage.vue'),
        meta: { right: 'staff' },
      },
      {
        path: 'staff/branch',
        name: 'branch',
        component: () => import('./features/staff/BranchPage.vue'),
        meta: { right: 'staff' },
      },
      {
        path: 'staff/role',
        name: 'role',
        component: () => import('./features/staff/RolePage.vue'),
        meta: { right: 'staff' },
      },
      {
        path: 'setting',
        name: 'setting',
        component: () => import('./features/setting/SettingPage.vue'),
        meta: { right: 'setting' },
      },
      {
        path: 'site',
        name: 'site',
        component: () => import('./features/channel/SitePage.vue'),
        meta: { right: 'site' },
      },
      {
        path: 'site/:id',
        name: 'siteEdit',
        component: () => import('./features/channel/SiteEditPage.vue'),
        props: true,
        meta: { right: 'site' },
      },
      {
        path: 'latency',
        name: 'latency',
        component: () => import('./features/latency/LatencyPage.vue'),
        meta: { right: 'latency' },
      },
      {
        path: 'audit',
        name: 'audit',
        component: () => import('./features/audit/AuditPage.vue'),
        meta: { right: 'audit' },
      },
      {
        path: 'backup',
        name: 'backup',
        component: () => import('./features/backup/BackupPage.vue'),
        meta: { right: 'backup' },
      },
      { path: 'security', name: 'security', component: () => import('./features/auth/SecurityPage.vue') },
      { path: ':rest(.*)*', name: 'missing', component: () => import('./shell/MissingPage.vue') },
    ],
  },
];

export function createDeskRouter(session: ReturnType<typeof useSession>) {
  const router = createRouter({ history: createWebHistory(import.meta.env.BASE_URL), routes });
  router.beforeEach(async (to) => {
    if (to.meta.open) return true;
    await session.load();
    if (!session.me) return { name: 'login', query: to.path === '/' ? {} : { next: to.fullPath } };
    // One after the other, each before anything else.
    if (session.mustChange) return to.name === 'password' || { name: 'password' };
    if (session.mustEnrol && to.name !== 'enrol') return { name: 'enrol' };
    if (to.path === '/') return { name: firstRoom(session.me.permissions), params: {} };
    if (to.meta.right && !session.may(to.meta.right)) return { name: 'missing', params: { rest: ['forbidden'] } };
    return true;
  });
  return router;
}
