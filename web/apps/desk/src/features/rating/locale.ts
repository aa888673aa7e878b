import { RATING_REASONS } from '@yingda/ui';
import type { Translation } from '../../i18n/index.ts';

export const zh = {
  invite: '邀评',
  invited: '已邀评',
  region: '客户的评价',
  stars: '{n} 星（满分 5 星）',
  low: '差评',
  resolved: '已解决',
  unresolved: '没解决',
  reasons: RATING_REASONS.zh,
};

export const en: Translation<typeof zh> = {
  invite: 'Ask for rating',
  invited: 'Asked for rating',
  region: 'The customer’s rating',
  stars: '{n} of 5 stars',
  low: 'Low',
  resolved: 'Solved',
  unresolved: 'Not solved',
  reasons: RATING_REASONS.en,
};
