// The style of report.html: light and dark by the reader's choice, desk and phone, screen and paper.

/** Kinds of line: colour and dashes, so that colour is never the only sign. */
const LINES: Readonly<Record<string, readonly [colour: string, width: number, dashes: string]>> = {
  's-end-to-end': ['--end', 3, 'none'],
  's-engine': ['--engine', 2.5, 'none'],
  's-decode': ['--decode', 1.5, 'none'],
  's-ring-wait': ['--ring-wait', 1.5, '6 3'],
  's-apply': ['--apply', 1.5, '2 3'],
  's-output-wait': ['--output-wait', 1.5, '10 4'],
  's-publish': ['--publish', 1.5, '8 3 2 3'],
  's-lateness': ['--soft', 1.5, '2 5'],
  'q-max': ['--soft', 1.25, '3 3'],
  'q-p99': ['--engine', 2.25, 'none'],
  'q-p50': ['--end', 2.25, '8 3'],
  'r-sent': ['--soft', 3.5, 'none'],
  'r-received': ['--end', 1.5, 'none'],
  'r-dropped': ['--bad', 6, 'none'],
  'm-rss': ['--end', 2, 'none'],
};

const FILLS = ['decode', 'ring-wait', 'apply', 'output-wait', 'publish', 'engine', 'outside'] as const;
const STAGES = ['end-to-end', 'engine', 'publish', 'output-wait', 'apply', 'ring-wait', 'decode'] as const;
const OPACITIES = [0.16, 0.3, 0.45, 0.62, 0.8, 1] as const;

const LIGHT = `--back:#f4f5f7;--card:#fff;--text:#171b21;--soft:#5b6573;--line:#dfe3e9;--grid:#e9ecf0;--good:#0a7347;--good-back:#e3f4ec;
--bad:#b3261e;--bad-back:#fbe9e7;--end:#1b4fc4;--engine:#c2410c;--decode:#8a6d00;--ring-wait:#0e7c86;--apply:#6d28d9;--output-wait:#b3206b;--publish:#3f7d20;
--outside:#98a2b0;--few:#0000000a`;
const DARK = `--back:#0f1216;--card:#171b21;--text:#e8ebef;--soft:#9aa5b3;--line:#2b323c;--grid:#232931;--good:#4fd39b;--good-back:#12291f;
--bad:#ff8a80;--bad-back:#331a18;--end:#7aa5ff;--engine:#ff9a5c;--decode:#e0c34d;--ring-wait:#4fc9d4;--apply:#b794f6;--output-wait:#f48fbf;--publish:#93d36a;
--outside:#6b7684;--few:#ffffff0c`;

const lineRules = Object.entries(LINES)
  .map(
    ([kind, [colour, width, dashes]]) =>
      `.${kind}{stroke:var(${colour});stroke-width:${width};stroke-dasharray:${dashes}}`,
  )
  .join('\n');
const fillRules = FILLS.map((name) => `.f-${name}{fill:var(--${name})}`).join('');
const labelRules = STAGES.map((name) => `.sides .t-${name}{color:var(--${name === 'end-to-end' ? 'end' : name})}`).join(
  '',
);
const heatRules = OPACITIES.map((opacity, shade) => `.h${shade}{fill-opacity:${opacity}}`).join('');
const panelRules = STAGES.map((name) => `.c-${name}:checked~.p-${name}`).join(',');

export const PAGE_STYLE = `
:root{color-scheme:light dark;${LIGHT}}
@media (prefers-color-scheme:dark){:root{${DARK}}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;font-variant-numeric:tabular-nums}
header,main,footer{max-width:1080px;margin:0 auto;padding:0 20px}
header{padding-top:28px}
h1{font-size:15px;font-weight:600;color:var(--soft);margin:0 0 12px;display:flex;flex-wrap:wrap;gap:4px 12px;justify-content:space-between}
h1 span{font-weight:400}
h2{font-size:19px;margin:0 0 4px;letter-spacing:-.01em}
h3{font-size:13px;font-weight:600;color:var(--soft);margin:20px 0 8px}
p{margin:0 0 10px;max-width:75ch}
.lead,.soft,.none{color:var(--soft)}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:22px 24px;margin:16px 0}
.verdict{display:grid;grid-template-columns:auto 1fr;gap:4px 22px;align-items:center;border-left:8px solid}
.verdict.pass{border-left-color:var(--good)}.verdict.fail{border-left-color:var(--bad)}
.badge{font-size:30px;font-weight:800;letter-spacing:.02em;border-radius:10px;padding:8px 20px;line-height:1.3}
.pass .badge{color:var(--good);background:var(--good-back)}.fail .badge{color:var(--bad);background:var(--bad-back)}
.verdict h2{font-size:22px;line-height:1.3}
.verdict p{margin:2px 0 0}
.tiles{grid-column:1/-1;display:grid;grid-template-columns:repeat(6,1fr);gap:1px;background:var(--line);border:1px solid var(--line);border-radius:10px;overflow:hidden;margin:16px 0 0}
.tiles div{background:var(--card);padding:10px 14px}
.tiles dt{font-size:12.5px;color:var(--soft)}
.tiles dd small{display:block;font-size:12.5px;font-weight:400;color:var(--soft)}
.tiles dd{margin:0;font-size:21px;font-weight:600;letter-spacing:-.01em;white-space:nowrap}
.checks{grid-column:1/-1;margin:14px 0 0;padding:0;list-style:none;display:grid;grid-template-columns:max-content minmax(0,max-content) minmax(0,1fr);column-gap:18px}
.checks li{display:grid;grid-column:1/-1;grid-template-columns:subgrid;padding:7px 0;border-top:1px solid var(--line);align-items:baseline}
.checks li:first-child{border-top:0}
.mark{font-weight:700}.mark.pass{color:var(--good)}.mark.fail{color:var(--bad)}
code,pre{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:13.5px}
code{overflow-wrap:anywhere}
pre{background:var(--back);border:1px solid var(--line);border-radius:8px;padding:12px 14px;margin:12px 0 0;white-space:pre-wrap;overflow-wrap:anywhere}
.plot{position:relative;height:230px;margin:6px 8px 28px 62px}
.plot.tall{height:400px}.plot.low{height:130px}.plot.heat{height:280px}.plot.sided{margin-right:124px}
.plot>svg{position:absolute;inset:0;width:100%;height:100%;overflow:visible;display:block}
.plot path{vector-effect:non-scaling-stroke}
.grid{stroke:var(--grid);fill:none;stroke-width:1}
.line{fill:none;stroke-linejoin:round}
.ys span,.xs span,.sides span{position:absolute;font-size:12px;line-height:16px;color:var(--soft);white-space:nowrap}
.ys span{right:100%;margin-right:8px;transform:translateY(-50%)}
.xs span{top:100%;margin-top:6px;transform:translateX(-50%)}
.sides span{left:100%;margin-left:8px;transform:translateY(-50%)}
.sides .t-end-to-end,.sides .t-engine{font-weight:700}
.few{fill:var(--few)}.edged{stroke:var(--line)}
.limit{fill:none;stroke-width:2}.limit.good{stroke:var(--good)}.limit.bad{stroke:var(--bad)}
.tips rect{fill:transparent}.tips rect:hover{fill:var(--few)}
.drop{fill:var(--bad)}
.heat .grid{stroke:none}.heat svg{shape-rendering:crispEdges}
.h0,.h1,.h2,.h3,.h4,.h5{fill:var(--end)}
.panel path:hover{stroke:var(--text);stroke-width:1.5}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;list-style:none;margin:4px 0 0 62px;padding:0;font-size:13px;color:var(--soft)}
.legend li{display:flex;align-items:center;gap:7px;white-space:nowrap}
.legend b{color:var(--text)}
.legend.parts{margin-left:0}
.legend .curve{display:none}
.choice{position:relative}
.choice input{position:absolute;opacity:0;pointer-events:none}
.choice label{display:inline-block;padding:4px 12px;margin:0 6px 6px 0;border:1px solid var(--line);border-radius:99px;font-size:13px;cursor:pointer}
.choice input:checked+label{background:var(--text);color:var(--card);border-color:var(--text);font-weight:600}
.choice input:focus-visible+label,summary:focus-visible{outline:2px solid var(--end);outline-offset:2px}
.panel{display:none}
.panel h3{display:none}
${panelRules}{display:block}
.stack{width:100%;height:34px;display:block;border-radius:6px;margin-bottom:10px}
.stack rect{stroke:var(--card);stroke-width:2;vector-effect:non-scaling-stroke}
.row{display:grid;grid-template-columns:96px 1fr 150px;gap:14px;align-items:center;min-height:30px}
.row svg{width:100%;height:26px;display:block;overflow:visible}
.row .name{font-size:14px}.row .figure{font-size:13.5px;text-align:right;white-space:nowrap}
.scale{position:relative;height:20px;border-top:1px solid var(--line)}
.scale span{position:absolute;top:4px;font-size:12px;color:var(--soft);transform:translateX(-50%);white-space:nowrap}
.f-end-to-end{fill:var(--end)}
.tail{stroke:var(--soft);stroke-width:1.5;fill:none;vector-effect:non-scaling-stroke}
.median{stroke:var(--text);stroke-width:2.5;vector-effect:non-scaling-stroke}
.wide{overflow-x:auto;margin:10px -24px 0;padding:0 24px}
table{border-collapse:collapse;width:100%;font-size:13.5px}
th,td{padding:6px 10px;text-align:right;white-space:nowrap;border-top:1px solid var(--line)}
thead th{border-top:0;color:var(--soft);font-weight:600;font-size:12.5px}
th:first-child,td:first-child{text-align:left;padding-left:0}
tbody th{font-weight:400}
td.words{text-align:left;white-space:normal}
tr.strong th,tr.strong td{font-weight:700}
dl.facts{display:grid;grid-template-columns:max-content 1fr;gap:6px 22px;margin:12px 0 0}
dl.facts dt{color:var(--soft)}dl.facts dd{margin:0;overflow-wrap:anywhere}
ul.said{margin:8px 0 0;padding:0 0 0 18px}ul.said li{margin:4px 0;max-width:80ch}
details{margin-top:14px}summary{cursor:pointer;color:var(--soft);font-size:13.5px}
.two{display:grid;grid-template-columns:1fr 1fr;gap:16px}.two section{margin:0}
.warn{border-left:4px solid var(--engine)}
footer{color:var(--soft);font-size:13px;padding-bottom:36px}
${lineRules}
${fillRules}
${labelRules}
${heatRules}
@media (max-width:720px){
header,main,footer{padding-left:12px;padding-right:12px}
section{padding:16px;border-radius:10px}
.verdict{grid-template-columns:1fr}.badge{justify-self:start;font-size:24px}
.two{grid-template-columns:1fr}
.tiles{grid-template-columns:1fr 1fr}
.tiles dd{font-size:18px}
.checks{grid-template-columns:max-content minmax(0,1fr)}.checks li>:last-child{grid-column:2}
.plot{margin-left:54px;margin-right:4px}.plot.sided{margin-right:4px}.plot.tall{height:320px}.plot.heat{height:240px}
.sides,.minor{display:none}
.legend .curve{display:flex}
.legend{margin-left:0}
.row{grid-template-columns:76px 1fr 104px;gap:8px}.row .name{font-size:12.5px}.row .figure{font-size:12px}
.wide{margin:10px -16px 0;padding:0 16px}
dl.facts{grid-template-columns:1fr;gap:0}dl.facts dd{margin-bottom:8px}
}
@media print{
:root{color-scheme:light;${LIGHT};--back:#fff}
body{font-size:11pt;-webkit-print-color-adjust:exact;print-color-adjust:exact}
header,main,footer{padding:0;max-width:none}
section{break-inside:avoid;border-radius:0;padding:14px 16px}
.wide{overflow:visible;margin:10px 0 0;padding:0}table{font-size:8pt}th,td{padding:4px 4px}thead th{font-size:7.5pt}
.tiles{grid-template-columns:repeat(6,1fr)}.tiles dd{font-size:13pt}
.choice label,details{display:none}
}
`.trim();
