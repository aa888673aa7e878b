/** Words for the reasons a customer may tick, by the codes of the server. The widget offers them, the desk reads them. */
export const RATING_REASONS = {
  zh: {
    clear: '听得懂',
    fast: '回复快',
    solved: '真解决了',
    polite: '有礼貌',
    unclear: '没讲清楚',
    slow: '回复慢',
    unsolved: '没解决',
    impolite: '态度不好',
  },
  en: {
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
