/** This file is the style sheet of the pages: light and dark, from a phone to a wide screen, and on paper. */

import { Html } from './html.js'

const css = `
:root{color-scheme:light dark;--page:#f6f6f3;--card:#fff;--ink:#14130f;--dim:#5d5b55;--grid:#e6e5de;--edge:#dfded6;
--c1:#2a78d6;--c2:#d9622b;--c3:#0f9a6c;--c4:#6a4fc4;--c5:#b3447f;--c6:#a17400;--soft:#a3a199;--good:#0b7a3e;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--page:#121211;--card:#1c1c1a;--ink:#f4f3ee;--dim:#b1afa6;--grid:#302f2b;
--edge:#33322e;--c1:#5598e7;--c2:#e8773f;--c3:#31b587;--c4:#9b87ee;--c5:#dc7bb0;--c6:#cf9d1f;--soft:#7c7a72;--good:#5cc98b;--bad:#f2867c}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;
font-variant-numeric:tabular-nums;-webkit-text-size-adjust:100%}
main{overflow-x:clip;max-width:1180px;margin:0 auto;padding:28px 20px 48px}
header{margin-bottom:22px}
header small,figcaption small,footer{color:var(--dim)}
h1{font-size:26px;line-height:1.2;letter-spacing:-.01em;margin:2px 0 6px;overflow-wrap:anywhere}
h2{font-size:18px;margin:34px 0 12px}
h3{font-size:14px;margin:0;font-weight:600}
header p{margin:0;color:var(--dim);overflow-wrap:anywhere}
.tiles{display:grid;gap:12px;grid-template-columns:repeat(auto-fit,minmax(150px,1fr))}
.tiles>div,.plot,.card{background:var(--card);border:1px solid var(--edge);border-radius:10px}
.tiles>div{padding:12px 14px}
.tiles dt,.tiles dd{margin:0}
.tiles dt{color:var(--dim);font-size:13px}
.tiles dd{font-size:25px;font-weight:600;line-height:1.25;white-space:nowrap}
.tiles dd small{font-size:14px;font-weight:500;color:var(--dim);margin-left:3px}
.tiles p{margin:0;color:var(--dim);font-size:12.5px}
.grid2{display:grid;gap:14px;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));margin-top:14px}
.grid2>.plot:last-child:nth-child(odd){grid-column:1/-1}
.plot{margin:0;padding:13px 16px 12px 14px;min-width:0}
figcaption{display:flex;flex-wrap:wrap;align-items:baseline;gap:2px 14px}
figcaption small{flex-basis:100%;font-size:12.5px}
.legend{display:flex;flex-wrap:wrap;gap:0 12px;font-size:13px;color:var(--dim);min-width:0}
.legend span{overflow-wrap:anywhere}
.key{display:inline-block;width:12px;height:3px;border-radius:2px;background:var(--c);margin-right:6px;vertical-align:3px}
.frame{position:relative;height:238px;margin-top:16px}
.ys{position:absolute;left:0;top:0;bottom:24px;width:58px}
.ys span{position:absolute;right:8px;transform:translateY(50%);white-space:nowrap}
.ys span,.xs span{font-size:12px;color:var(--dim)}
.field{position:absolute;left:58px;right:8px;top:0;bottom:24px}
.field svg{display:block;width:100%;height:100%;overflow:visible}
.xs{position:absolute;left:58px;right:8px;bottom:0;height:18px}
.xs span{position:absolute;transform:translateX(-50%);white-space:nowrap}
.xs .last{transform:translateX(calc(-100% + 8px))}
.grid line{stroke:var(--grid);stroke-width:1;vector-effect:non-scaling-stroke}
.grid line:first-child{stroke:var(--soft)}
.line{fill:none;stroke:var(--c);stroke-width:2;stroke-linejoin:round;stroke-linecap:round;vector-effect:non-scaling-stroke}
.thin{stroke-width:1.25}
.area{fill:var(--c);opacity:.13}
.c1{--c:var(--c1)}.c2{--c:var(--c2)}.c3{--c:var(--c3)}.c4{--c:var(--c4)}.c5{--c:var(--c5)}.c6{--c:var(--c6)}.soft{--c:var(--soft)}
.col{position:absolute;top:0;bottom:0}
.col>*{display:none;pointer-events:none}
.col:hover>*{display:block}
.col u{position:absolute;top:0;bottom:0;width:1px;background:var(--soft)}
.col i{position:absolute;width:9px;height:9px;margin:0 0 -5px -4.5px;border-radius:50%;background:var(--c);border:2px solid var(--card)}
.col p{position:absolute;top:0;margin:0;padding:7px 10px;z-index:2;background:var(--card);border:1px solid var(--edge);border-radius:8px;
box-shadow:0 4px 14px #0002;font-size:12.5px;max-width:240px;width:max-content}
.col .left{right:calc(100% + 8px)}
.col .right{left:calc(100% + 8px)}
.col p strong,.col p span{display:block;font-weight:500}
.col p span{color:var(--dim);overflow-wrap:anywhere}
.col p em{font-style:normal;font-weight:600;color:var(--ink);margin-left:8px;white-space:nowrap}
.card{padding:4px 16px;overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:14px}
th,td{padding:7px 14px 7px 0;text-align:right;border-top:1px solid var(--grid);white-space:nowrap}
tr:first-child>*{border-top:0}
th{font-weight:500;color:var(--dim)}
th:first-child,td:first-child{text-align:left}
th:last-child,td:last-child{padding-right:0}
.words td{text-align:left;white-space:normal;overflow-wrap:anywhere}
.words th{text-align:left;width:11em;vertical-align:top}
.words thead th{width:auto}
.good{color:var(--good)}.bad{color:var(--bad)}
.ratio{display:inline-block;min-width:5.2em;font-weight:600}
.group td{padding-top:14px;font-weight:600}
details{margin-top:14px}
details .card{max-height:420px;overflow:auto;margin-top:10px}
summary{cursor:pointer;color:var(--dim)}
.cards{columns:2 400px;column-gap:14px}
.cards section{break-inside:avoid;padding-top:26px}
.cards h2{margin-top:0}
.note{color:var(--dim);font-size:13.5px;margin:10px 0 0}
footer{margin-top:34px;font-size:13px}
@media(max-width:560px){main{padding:18px 12px 36px}h1{font-size:21px}.tiles{grid-template-columns:1fr 1fr;gap:9px}
.tiles dd{font-size:20px}.grid2{gap:10px}.frame{height:205px}.words th{width:8em}th,td{padding-right:9px}.card{padding:4px 12px}table{font-size:13px}.ratio{min-width:4.4em}.xs .odd{display:none}.col p{max-width:180px}}
@media print{body{background:#fff;font-size:12px}main{max-width:none;padding:0}h1{font-size:20px}h2{font-size:14px;margin:18px 0 6px;break-after:avoid}
.tiles{gap:8px;grid-template-columns:repeat(auto-fit,minmax(105px,1fr))}.tiles>div{padding:7px 9px}.tiles dd{font-size:17px}.tiles dt,.tiles p,.tiles dd small{font-size:11px}
.grid2{gap:8px;margin-top:8px;grid-template-columns:1fr 1fr}.frame{height:150px;margin-top:8px}.plot{padding:8px 10px}
.cards{columns:2;column-gap:20px;margin-top:4px}.cards section{break-inside:auto;padding-top:12px}
.card{overflow:visible;padding:0 8px;border-radius:0;box-decoration-break:clone;-webkit-box-decoration-break:clone}
table{font-size:11px}th,td{padding:3px 8px 3px 0}.words th{width:14em}.plot,.tiles>div,tr{break-inside:avoid}details{display:none}footer{margin-top:14px;font-size:11px}}
`

/** The style sheet as the content of `<style>`. */
export const style: Html = new Html(css)
