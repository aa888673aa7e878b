import type { Translation } from '../../i18n/index.ts';

export const zh = {
  invite: '邀评',
  invited: '已邀评',
  region: '客户的评价',
  stars: '{n} 星（满分 5 星）',
  low: '差评',
  resolved: '已解决',
  unresolved: '没解决',
  reasons: {
    clear: '听得懂',
    fast: '回复快',
    solved: '真解决了',
    polite: '有礼貌',
    unclear: '没讲清楚',
    slow: '回复慢',
    unsolved: '没解决',
    impolite: '态度不好',
  },
};

export const en: Translation<typeof zh> = {
  invite: 'Ask for rating',
  invited: 'Asked for rating',
  region: 'The customer’s rating',
  stars: '{n} of 5 stars',
  low: 'Low',
  resolved: 'Solved',
  unresolved: 'Not solved',
  reasons: {
    clear: 'Clear',
    fast: 'Quick',
    solved: 'Really solved',
    polite: 'Polite',
    unclear: 'Unclear',
    slow: 'Slow',
    unsolved: 'Not solved',
    impolite: 'Impolite',
  },
};
