// Which of our line drawings stands for a category, by what its id and name say.

const DRAWINGS = [
  ["croissant", /bak|pastr|viennois|breakfast|croissant|brioche/],
  ["cake", /cake|sweet|dessert|tart|cookie/],
  ["sandwich", /sandwich|lunch|toast|savou?r|food|plate|salad|soup|quiche/],
  ["leaf", /tea|tisane|infusion|matcha|herb/],
  ["glass", /cold|ice|iced|juice|water|lemonade|soda|soft|drink|beer|wine/],
  ["mug", /choc|milk|kids/],
  ["dripper", /filter|brew|pour|drip/],
  ["cup", /./],
];

export const iconFor = ({ id, name }) => DRAWINGS.find(([, about]) => about.test(`${id} ${name}`.toLowerCase()))[0];
