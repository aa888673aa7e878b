/**
 * The icon set: 24 grid, round ends, about 1.5 px at every size. One constant per icon, so that an app carries only those it names.
 * The first path is stroked, the second (where there is one) holds dots filled with the current colour.
 */
export type Icon = readonly [stroke: string, dots?: string];

export const alert: Icon = ['M12 4.5l8.5 15h-17zM12 10v4', 'M10.7 16.8a1.3 1.3 0 1 0 2.6 0a1.3 1.3 0 1 0 -2.6 0z'];
export const ban: Icon = ['M4 12a8 8 0 1 0 16 0a8 8 0 1 0 -16 0zM6.5 6.5l11 11'];
export const bell: Icon = ['M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10 20.5h4'];
export const bill: Icon = ['M6 4h12v16.5l-3-2-3 2-3-2-3 2zM9 8.5h6M9 12.5h6'];
export const bolt: Icon = ['M13 3.5L5.5 13.5H11l-1 7L17.5 10.5H12z'];
export const book: Icon = [
  'M5 18.5V5.5A1.5 1.5 0 0 1 6.5 4H19v13H6.5A1.5 1.5 0 0 0 5 18.5 1.5 1.5 0 0 0 6.5 20H19v-3M9 8h6',
];
export const bot: Icon = [
  'M7.5 8.5h9a3 3 0 0 1 3 3v4.5a3 3 0 0 1 -3 3h-9a3 3 0 0 1 -3 -3v-4.5a3 3 0 0 1 3 -3zM12 8.5V5M2.5 12.5v3M21.5 12.5v3M11 4a1 1 0 1 0 2 0a1 1 0 1 0 -2 0z',
  'M7.7 13.7a1.3 1.3 0 1 0 2.6 0a1.3 1.3 0 1 0 -2.6 0zM13.7 13.7a1.3 1.3 0 1 0 2.6 0a1.3 1.3 0 1 0 -2.6 0z',
];
export const box: Icon = ['M4 8l8-4 8 4v8l-8 4-8-4zM4 8l8 4 8-4M12 12v8'];
export const bulb: Icon = ['M9 17.5h6M10 20.5h4M9 17.5c0-1.5-.2-2.1-1-3a6 6 0 1 1 8 0c-.8.9-1 1.5-1 3'];
export const calendar: Icon = [
  'M6 5.5h12a2 2 0 0 1 2 2v10.5a2 2 0 0 1 -2 2h-12a2 2 0 0 1 -2 -2v-10.5a2 2 0 0 1 2 -2zM4 10h16M8.5 3.5v4M15.5 3.5v4',
];
export const card: Icon = [
  'M5.5 5.5h13a2 2 0 0 1 2 2v9a2 2 0 0 1 -2 2h-13a2 2 0 0 1 -2 -2v-9a2 2 0 0 1 2 -2zM3.5 10h17M7 14.5h4',
];
export const chart: Icon = ['M4 20h16M6.5 16.5v-5M12 16.5V5M17.5 16.5v-8'];
export const chat: Icon = ['M6 4.5h12a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-6.5L7 20v-3.5H6a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2z'];
export const chatdots: Icon = [
  'M6 4.5h12a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-6.5L7 20v-3.5H6a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2z',
  'M7.2 10.5a1.3 1.3 0 1 0 2.6 0a1.3 1.3 0 1 0 -2.6 0zM10.7 10.5a1.3 1.3 0 1 0 2.6 0a1.3 1.3 0 1 0 -2.6 0zM14.2 10.5a1.3 1.3 0 1 0 2.6 0a1.3 1.3 0 1 0 -2.6 0z',
];
export const chatplus: Icon = [
  'M6 4.5h12a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-6.5L7 20v-3.5H6a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2zM12 7.5v6M9 10.5h6',
];
export const check: Icon = ['M5 12.5l4.5 4.5L19 7.5'];
export const clip: Icon = [
  'M19 11.5l-7 7a4.2 4.2 0 0 1-6-6L13.5 5a2.8 2.8 0 0 1 4 4L10 16.5a1.4 1.4 0 0 1-2-2l6.5-6.5',
];
export const clipboard: Icon = [
  'M7.5 5h9a2 2 0 0 1 2 2v11.5a2 2 0 0 1 -2 2h-9a2 2 0 0 1 -2 -2v-11.5a2 2 0 0 1 2 -2zM9 3.5h6v3H9zM9 11h6M9 15h4',
];
export const clock: Icon = ['M4 12a8 8 0 1 0 16 0a8 8 0 1 0 -16 0zM12 7.5V12l3 2'];
export const close: Icon = ['M6 6l12 12M18 6L6 18'];
export const copy: Icon = [
  'M10.5 8.5h7a2 2 0 0 1 2 2v7a2 2 0 0 1 -2 2h-7a2 2 0 0 1 -2 -2v-7a2 2 0 0 1 2 -2zM5.5 15.5a1 1 0 0 1-1-1V6a1.5 1.5 0 0 1 1.5-1.5h8.5a1 1 0 0 1 1 1',
];
export const crop: Icon = ['M7 3v14h14M3 7h14v14'];
export const chevronDown: Icon = ['M7 10l5 5 5-5'];
export const exit: Icon = ['M13 4.5H5.5v15H13M10 12h10M16.5 8.5L20 12l-3.5 3.5'];
export const eye: Icon = [
  'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM9.25 12a2.75 2.75 0 1 0 5.5 0a2.75 2.75 0 1 0 -5.5 0z',
];
export const family: Icon = [
  'M5.25 8.5a2.75 2.75 0 1 0 5.5 0a2.75 2.75 0 1 0 -5.5 0zM14.5 10.5a2 2 0 1 0 4 0a2 2 0 1 0 -4 0zM3 19c.3-3 2.2-4.8 5-4.8s4.7 1.8 5 4.8M14.5 15c.6-.3 1.2-.4 2-.4 2.2 0 3.7 1.3 4 3.9',
];
export const file: Icon = ['M6.5 3.5h7l4 4v13h-11zM13.5 3.5v4h4'];
export const filter: Icon = ['M4 6h16l-6 7v5.5l-4-2V13z'];
export const footprints: Icon = [
  'M4 12a8 8 0 1 0 16 0a8 8 0 1 0 -16 0zM9 12a3 3 0 1 0 6 0a3 3 0 1 0 -6 0zM12 2.5v3M12 18.5v3M2.5 12h3M18.5 12h3',
];
export const gauge: Icon = [
  'M5 17.5a8.5 8.5 0 1 1 14 0M12 13.5l4-4.5',
  'M10.7 13.5a1.3 1.3 0 1 0 2.6 0a1.3 1.3 0 1 0 -2.6 0z',
];
export const gift: Icon = [
  'M4 9.5h16v3H4zM5.5 12.5v7.5h13v-7.5M12 9.5V20M12 9.5C9 9.5 7 8.5 7 6.7S9 4 10 5s2 4.5 2 4.5 1-3.5 2-4.5 3-.1 3 1.7-2 2.8-5 2.8z',
];
export const globe: Icon = [
  'M4 12a8 8 0 1 0 16 0a8 8 0 1 0 -16 0zM4 12h16M12 4c2.4 2.3 3.6 5 3.6 8s-1.2 5.7-3.6 8c-2.4-2.3-3.6-5-3.6-8S9.6 6.3 12 4z',
];
export const headphones: Icon = [
  'M4.5 13.5V12a7.5 7.5 0 0 1 15 0v1.5M5 13h1a1.5 1.5 0 0 1 1.5 1.5v3.5a1.5 1.5 0 0 1 -1.5 1.5h-1a1.5 1.5 0 0 1 -1.5 -1.5v-3.5a1.5 1.5 0 0 1 1.5 -1.5zM18 13h1a1.5 1.5 0 0 1 1.5 1.5v3.5a1.5 1.5 0 0 1 -1.5 1.5h-1a1.5 1.5 0 0 1 -1.5 -1.5v-3.5a1.5 1.5 0 0 1 1.5 -1.5z',
];
export const headset: Icon = [
  'M4.5 13.5V12a7.5 7.5 0 0 1 15 0v1.5M19 19c0 1.5-1.5 2-3.5 2H13M5 13h1a1.5 1.5 0 0 1 1.5 1.5v3a1.5 1.5 0 0 1 -1.5 1.5h-1a1.5 1.5 0 0 1 -1.5 -1.5v-3a1.5 1.5 0 0 1 1.5 -1.5zM18 13h1a1.5 1.5 0 0 1 1.5 1.5v3a1.5 1.5 0 0 1 -1.5 1.5h-1a1.5 1.5 0 0 1 -1.5 -1.5v-3a1.5 1.5 0 0 1 1.5 -1.5z',
];
export const help: Icon = [
  'M4 12a8 8 0 1 0 16 0a8 8 0 1 0 -16 0zM9.7 9.7a2.3 2.3 0 1 1 3.3 2.1c-.7.3-1 .8-1 1.6',
  'M10.7 16.3a1.3 1.3 0 1 0 2.6 0a1.3 1.3 0 1 0 -2.6 0z',
];
export const history: Icon = ['M4.5 12a7.5 7.5 0 1 0 2.4-5.5L4.5 8.7M4.5 4.5v4.2h4.2M12 8v4.2l2.8 1.8'];
export const home: Icon = ['M4 11l8-6.5 8 6.5v8.5h-5.5V14h-5v5.5H4z'];
export const image: Icon = [
  'M6 5h12a2 2 0 0 1 2 2v10a2 2 0 0 1 -2 2h-12a2 2 0 0 1 -2 -2v-10a2 2 0 0 1 2 -2zM7.5 10a1.5 1.5 0 1 0 3 0a1.5 1.5 0 1 0 -3 0zM4.5 17.5l4.5-4.5 3.5 3.5 3-2.5 4.5 4',
];
export const inbox: Icon = ['M4 13.5l2.5-8h11l2.5 8v5a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1zM4 13.5h4.5l1 2.5h5l1-2.5H20'];
export const info: Icon = [
  'M4 12a8 8 0 1 0 16 0a8 8 0 1 0 -16 0zM12 11.5v4.5',
  'M10.7 8.3a1.3 1.3 0 1 0 2.6 0a1.3 1.3 0 1 0 -2.6 0z',
];
export const mail: Icon = [
  'M5.5 5.5h13a2 2 0 0 1 2 2v9a2 2 0 0 1 -2 2h-13a2 2 0 0 1 -2 -2v-9a2 2 0 0 1 2 -2zM4 7.5l8 5.5 8-5.5',
];
export const mic: Icon = [
  'M12 3.5h0a3 3 0 0 1 3 3v5a3 3 0 0 1 -3 3h0a3 3 0 0 1 -3 -3v-5a3 3 0 0 1 3 -3zM5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v2.5',
];
export const minus: Icon = ['M6 12h12'];
export const mobile: Icon = ['M9 3h6a2 2 0 0 1 2 2v14a2 2 0 0 1 -2 2h-6a2 2 0 0 1 -2 -2v-14a2 2 0 0 1 2 -2zM11 18h2'];
export const more: Icon = [
  '',
  'M4.7 12a1.3 1.3 0 1 0 2.6 0a1.3 1.3 0 1 0 -2.6 0zM10.7 12a1.3 1.3 0 1 0 2.6 0a1.3 1.3 0 1 0 -2.6 0zM16.7 12a1.3 1.3 0 1 0 2.6 0a1.3 1.3 0 1 0 -2.6 0z',
];
export const note: Icon = [
  'M7.5 10.5h9a2 2 0 0 1 2 2v5a2 2 0 0 1 -2 2h-9a2 2 0 0 1 -2 -2v-5a2 2 0 0 1 2 -2zM8.5 10.5V8a3.5 3.5 0 0 1 7 0v2.5',
];
export const pencil: Icon = ['M5 19l1-4L16.5 4.5l3 3L9 18z'];
export const phone: Icon = [
  'M6.5 4h3l1.5 4-2 1.5a11 11 0 0 0 5.5 5.5l1.5-2 4 1.5v3a2 2 0 0 1-2 2A14 14 0 0 1 4.5 6a2 2 0 0 1 2-2z',
];
export const plus: Icon = ['M6 12h12M12 6v12'];
export const power: Icon = ['M12 4v8M7.5 6.5a7 7 0 1 0 9 0'];
export const refresh: Icon = ['M19.5 12a7.5 7.5 0 1 1-2.2-5.3L19.5 9M19.5 4.5V9H15'];
export const chevronRight: Icon = ['M10 7l5 5-5 5'];
export const router: Icon = [
  'M5.5 13.5h13a2 2 0 0 1 2 2v2a2 2 0 0 1 -2 2h-13a2 2 0 0 1 -2 -2v-2a2 2 0 0 1 2 -2zM16.5 13.5V9M13.5 8a4.3 4.3 0 0 1 6 0',
  'M5.9 16.5a1.3 1.3 0 1 0 2.6 0a1.3 1.3 0 1 0 -2.6 0zM9.4 16.5a1.3 1.3 0 1 0 2.6 0a1.3 1.3 0 1 0 -2.6 0z',
];
export const screen: Icon = [
  'M5.5 5h13a2 2 0 0 1 2 2v7.5a2 2 0 0 1 -2 2h-13a2 2 0 0 1 -2 -2v-7.5a2 2 0 0 1 2 -2zM9 20h6M12 16.5V20',
];
export const search: Icon = ['M4.5 11a6.5 6.5 0 1 0 13 0a6.5 6.5 0 1 0 -13 0zM16 16l4.5 4.5'];
export const send: Icon = ['M20 4.5L4.5 11.5l6.5 2 2 6.5zM20 4.5l-9 9'];
export const shield: Icon = ['M12 3.5l7 2.5v5.5c0 4.3-2.9 7.5-7 9-4.1-1.5-7-4.7-7-9V6zM9 12l2.2 2.2L15.2 10'];
export const sliders: Icon = [
  'M4 7h8.5M17.5 7H20M4 17h2.5M11.5 17H20M12.5 7a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0 -5 0zM6.5 17a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0 -5 0z',
];
export const smile: Icon = [
  'M4 12a8 8 0 1 0 16 0a8 8 0 1 0 -16 0zM8.8 14c.8 1.2 1.9 1.8 3.2 1.8s2.4-.6 3.2-1.8',
  'M7.9 10a1.3 1.3 0 1 0 2.6 0a1.3 1.3 0 1 0 -2.6 0zM13.5 10a1.3 1.3 0 1 0 2.6 0a1.3 1.3 0 1 0 -2.6 0z',
];
export const sort: Icon = ['M8 5v14M5 16l3 3 3-3M16 19V5M13 8l3-3 3 3'];
export const star: Icon = ['M12 4l2.5 5.1 5.6.8-4 4 .9 5.6-5-2.6-5 2.6.9-5.6-4-4 5.6-.8z'];
export const takeover: Icon = [
  'M5.5 8a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0zM3 19.5c.4-3.5 2.7-5.5 6-5.5 1 0 1.9.2 2.7.5M14 17h7M18 14l3 3-3 3',
];
export const thumb: Icon = [
  'M7.5 11v8.5h-3V11zM7.5 11l4-7a2 2 0 0 1 2 2.2L13 9.5h5a1.8 1.8 0 0 1 1.8 2.1l-1.1 6.2a2 2 0 0 1-2 1.7H7.5',
];
export const ticket: Icon = [
  'M4 7.5a1 1 0 0 1 1-1h14a1 1 0 0 1 1 1V10a2 2 0 0 0 0 4v2.5a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V14a2 2 0 0 0 0-4zM14 9.5v1.5M14 13.5V15',
];
export const transfer: Icon = ['M4 8.5h14M14.5 5l3.5 3.5-3.5 3.5M20 15.5H6M9.5 12L6 15.5 9.5 19'];
export const chevronUp: Icon = ['M7 14l5-5 5 5'];
export const user: Icon = ['M8.5 8a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0zM5 19.5c.6-3.7 3.4-5.5 7-5.5s6.4 1.8 7 5.5'];
export const users: Icon = [
  'M6 8.5a3 3 0 1 0 6 0a3 3 0 1 0 -6 0zM3 19c.4-3.2 2.8-5 6-5s5.6 1.8 6 5M15.5 5.8a3 3 0 0 1 0 5.4M17.5 14.4c2 .6 3.2 2.2 3.5 4.6',
];
export const volume: Icon = ['M4 9.5v5h3.5l4.5 4v-13l-4.5 4zM15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11'];
export const wechat: Icon = [
  'M13.8 8.5C13 6.2 10.7 4.5 8.8 4.5 5.5 4.5 3 6.7 3 9.5c0 1.5.8 2.9 2 3.8l-.5 2.2 2.5-1.2c.4.1.9.2 1.4.2M15.3 9.5c3.2 0 5.7 2 5.7 4.6 0 1.4-.8 2.7-2 3.5l.4 1.9-2.1-1c-.6.2-1.3.3-2 .3-3.1 0-5.6-2.1-5.6-4.7s2.5-4.6 5.6-4.6z',
];
export const wifioff: Icon = [
  'M4 4l16 16M8.5 15.5a5 5 0 0 1 5.5-1.2M5.2 12.2a9.8 9.8 0 0 1 4.3-2.5M14 9.6a9.8 9.8 0 0 1 4.8 2.6M2.5 8.8A14 14 0 0 1 6.5 6.2M11 5a14 14 0 0 1 10.5 3.8',
  'M10.7 18.8a1.3 1.3 0 1 0 2.6 0a1.3 1.3 0 1 0 -2.6 0z',
];
export const wrench: Icon = [
  'M20 7.5a4.5 4.5 0 0 1-6 4.2l-6.8 6.8a1.9 1.9 0 0 1-2.7-2.7L11.3 9A4.5 4.5 0 0 1 17 3.3L14.3 6l.7 2.9 2.9.7z',
];
export const yuan: Icon = [
  'M4 12a8 8 0 1 0 16 0a8 8 0 1 0 -16 0zM8.8 7.5L12 11.8l3.2-4.3M12 11.8v5M9.3 12h5.4M9.3 14.5h5.4',
];
export const arrowDown: Icon = ['M12 5v14M6.5 13.5L12 19l5.5-5.5'];
export const download: Icon = ['M12 4v11M7.5 11l4.5 4.5 4.5-4.5M4.5 19.5h15'];
export const lock: Icon = [
  'M7 10.5h10a1.5 1.5 0 0 1 1.5 1.5v6.5a1.5 1.5 0 0 1-1.5 1.5H7a1.5 1.5 0 0 1-1.5-1.5V12a1.5 1.5 0 0 1 1.5-1.5zM8.5 10.5V8a3.5 3.5 0 0 1 7 0v2.5',
];
export const moon: Icon = ['M19.5 14.2A8 8 0 0 1 9.8 4.5a8 8 0 1 0 9.7 9.7z'];
export const sun: Icon = [
  'M8 12a4 4 0 1 0 8 0 4 4 0 1 0-8 0zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4',
];
export const undo: Icon = ['M8.5 5L4.5 9l4 4M4.5 9H14a5 5 0 0 1 0 10H8'];
export const volumeOff: Icon = ['M4 9.5v5h3.5l4.5 4v-13l-4.5 4zM16 9.5l5 5M21 9.5l-5 5'];
