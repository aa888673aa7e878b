import type { Translation } from '../../i18n/index.ts';

export const zh = {
  title: '设置',
  empty: '没有可以设置的项目',
  filter: '按名称筛选',
  column: { name: '设置项', value: '当前值', scope: '范围' },
  scope: { operator: '全公司', branch: '机构', site: '站点', group: '技能组' },
  isDefault: '默认',
  on: '开启',
  off: '关闭',
  edit: '修改 {name}',
  value: '值',
  default: '默认值：{value}',
  restore: '恢复默认',
  range: '{min} 到 {max}',
  outOfRange: '请填写 {min} 到 {max} 之间的整数',
  saved: '已保存，立即生效',
};

export const en: Translation<typeof zh> = {
  title: 'Settings',
  empty: 'There is nothing to set',
  filter: 'Filter by name',
  column: { name: 'Setting', value: 'Value', scope: 'Scope' },
  scope: { operator: 'Whole company', branch: 'Branch', site: 'Site', group: 'Skill group' },
  isDefault: 'Default',
  on: 'On',
  off: 'Off',
  edit: 'Change {name}',
  value: 'Value',
  default: 'Default: {value}',
  restore: 'Restore default',
  range: '{min} to {max}',
  outOfRange: 'Enter a whole number from {min} to {max}',
  saved: 'Saved, in force at once',
};
