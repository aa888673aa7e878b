/** Words of the form alone: they come with it. */
const zh = {
  title: (name: string) => (name ? `${name}的服务怎么样？` : '这次服务怎么样？'),
  change: '24 小时内可以改',
  solved: '已解决',
  unsolved: '没解决',
  stars: '打几颗星',
  choose: '请选择星级',
  whyGood: '好在哪里（可不选）',
  whyPoor: '哪里不够好（可不选）',
  comment: '还想说点什么（可不填）',
  skip: '跳过',
  submit: '提交',
};
const en: typeof zh = {
  title: (name) => (name ? `How was ${name}?` : 'How was the service?'),
  change: 'You can change it within 24 hours',
  solved: 'Solved',
  unsolved: 'Not solved',
  stars: 'How many stars',
  choose: 'Choose your stars',
  whyGood: 'What was good (optional)',
  whyPoor: 'What could be better (optional)',
  comment: 'Anything else? (optional)',
  skip: 'Skip',
  submit: 'Submit',
};
export const RATING_WORDS = { 'zh-CN': zh, en };
