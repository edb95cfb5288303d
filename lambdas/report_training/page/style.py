"""The looks of the page: light and dark, wide and narrow, screen and paper."""

from typing import Final

STYLE: Final = """
:root{color-scheme:light dark;--ground:#f6f6f4;--card:#fff;--ink:#191c20;--muted:#5c6672;--line:#e2e4e8;
--track:#e9ebef;--now:#2456d6;--then:#8c95a3;--second:#0a7f86;--better:#0a7447;--worse:#b3261e;--heat:36,86,214;
--bad:217,72,15;--strong:#fff}
@media (prefers-color-scheme:dark){:root{--ground:#0e1116;--card:#161a21;--ink:#e7e9ed;--muted:#98a2b0;
--line:#282e38;--track:#262c36;--now:#7ea6ff;--then:#818b9a;--second:#46c6c6;--better:#4cc58c;--worse:#ff8f86;
--heat:110,152,255;--bad:255,138,76;--strong:#0b0e13}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue","Liberation Sans",Arial,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1120px;margin:0 auto;padding:48px 32px 64px}
h1{font-size:40px;line-height:1.15;letter-spacing:-.02em;margin:0;overflow-wrap:anywhere}
h1 span{color:var(--muted);font-weight:400}
h2{font-size:21px;letter-spacing:-.01em;margin:0 0 4px}
p{margin:0 0 12px}
.eyebrow{font-size:12px;font-weight:600;letter-spacing:.12em;text-transform:uppercase;color:var(--now);margin:0 0 6px}
.when,.muted{color:var(--muted);font-size:14px}
.when{margin:4px 0 20px}
.verdict{font-size:22px;line-height:1.35;margin:0 0 4px;max-width:44em;overflow-wrap:anywhere}
.better{color:var(--better)}.worse{color:var(--worse)}
.verdict span,.judgement span{font-weight:600}
.judgement{margin-top:14px}.judgement p,.judgement ul{margin:0 0 4px}
section{margin-top:28px;padding:24px;background:var(--card);border:1px solid var(--line);border-radius:12px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(180px,1fr));gap:16px;margin-top:24px}
.tile{padding:18px 20px;background:var(--card);border:1px solid var(--line);border-radius:12px}
.tile .name{font-size:14px;color:var(--muted)}
.tile .value{font-size:34px;font-weight:600;letter-spacing:-.02em;line-height:1.25;display:flex;flex-wrap:wrap;
align-items:baseline;column-gap:10px}
.tile .muted{margin-top:6px;font-size:13px}
.change{font-size:13px;font-weight:500;letter-spacing:0;white-space:nowrap;color:var(--muted)}
.change.better{color:var(--better)}.change.worse{color:var(--worse)}
.bar{display:block;width:100%;height:8px;border-radius:4px;overflow:hidden;margin-top:6px}
.track{fill:var(--track)}.fill{fill:var(--now)}.mark{fill:var(--ink);stroke:var(--card);stroke-width:.6}
.facts{display:flex;flex-wrap:wrap;gap:12px 36px;margin:24px 0 0}
dt{font-size:13px;color:var(--muted)}
dd{margin:0}
.facts dd{font-size:17px;font-weight:500}
.list{display:grid;gap:6px;margin:8px 0 12px;font-size:14px}
.list div{display:grid;grid-template-columns:130px 1fr;gap:12px}
.list dd{overflow-wrap:anywhere}
.label{font-weight:500;overflow-wrap:anywhere}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:14px;margin-top:8px}
th{text-align:left;font-weight:500}
thead th{font-size:12px;color:var(--muted);font-weight:500;padding:6px 8px;border-bottom:1px solid var(--line);
vertical-align:bottom}
tbody th,td{padding:8px;border-bottom:1px solid var(--line);vertical-align:middle}
tbody tr:last-child>*{border-bottom:0}
.labels td,.labels thead th:not(:first-child),.numbers td,.numbers thead th:not(:first-child){text-align:right}
.labels tbody th{max-width:220px}
.labels td{white-space:nowrap}
.labels td .change{display:block;font-size:12px;line-height:1.2}
.labels .f1{min-width:210px;display:table-cell}
.labels .f1 .bar{display:inline-block;width:104px;vertical-align:middle;margin:0 10px 0 0}
.labels .f1 .pair{display:inline-block;min-width:64px;vertical-align:middle}
.labels .f1 data{font-weight:600}
.labels thead th:nth-child(2){text-align:right}
.numbers{max-width:560px}
.findings th{font-family:ui-monospace,Menlo,Consolas,"Liberation Mono",monospace;font-size:12.5px;white-space:nowrap}
.findings .text{color:var(--muted);min-width:240px}
.matrix{width:auto;font-size:13px}
.matrix th,.matrix td{border:1px solid var(--card);padding:0}
.matrix tbody th{padding:0 10px 0 0;text-align:right;max-width:190px}
.matrix td{width:38px;min-width:38px;height:34px;text-align:center;border-radius:5px}
.matrix thead th{vertical-align:bottom;text-align:center;padding:0 0 6px}
.matrix thead th span{writing-mode:vertical-rl;transform:rotate(180deg);max-height:150px;display:inline-block}
.matrix .corner{font-size:11px;color:var(--muted);text-align:right;padding:0 10px 6px 0;vertical-align:bottom;
white-space:nowrap}
.matrix .label{display:block;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.matrix thead .label{max-height:150px}.matrix tbody .label{max-width:180px}
.labels .label{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:2;overflow:hidden}
.h0{color:var(--muted)}
.right.h1{background:rgba(var(--heat),.1)}.right.h2{background:rgba(var(--heat),.18)}
.right.h3{background:rgba(var(--heat),.26)}.right.h4{background:rgba(var(--heat),.34)}
.right.h5{background:rgba(var(--heat),.42)}.right.h6{background:rgba(var(--heat),.5)}
.right.h7{background:rgba(var(--heat),.72);color:var(--strong)}.right.h8{background:rgba(var(--heat),.8);
color:var(--strong)}.right.h9{background:rgba(var(--heat),.9);color:var(--strong)}
.right.h10{background:rgb(var(--heat));color:var(--strong)}
.wrong.h1{background:rgba(var(--bad),.22)}.wrong.h2{background:rgba(var(--bad),.32)}
.wrong.h3{background:rgba(var(--bad),.42)}.wrong.h4{background:rgba(var(--bad),.5)}
.wrong.h5,.wrong.h6{background:rgba(var(--bad),.6)}.wrong.h7,.wrong.h8{background:rgba(var(--bad),.8)}
.wrong.h9,.wrong.h10{background:rgb(var(--bad));color:var(--strong)}
.confusions{font-size:14px;margin:14px 0 0;padding-left:22px}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(240px,1fr));gap:22px 26px;margin-top:14px}
figure{margin:0}
.chart figcaption{font-size:14px;overflow-wrap:anywhere}
.chart svg:not(.key){display:block;width:100%}
.chart text{font-size:10px;fill:var(--muted)}
.end{text-anchor:end}.middle{text-anchor:middle}
polyline{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
line{stroke-width:2}
.precision{stroke:var(--now)}.recall{stroke:var(--second);stroke-dasharray:5 3}.former{stroke:var(--then)}
.grid{stroke:var(--line);stroke-width:1}
.threshold{stroke:var(--muted);stroke-width:1;stroke-dasharray:2 2}
.point{fill:var(--now);stroke:var(--card);stroke-width:1.5}
.keys{display:flex;flex-wrap:wrap;gap:2px 14px;font-size:12px;color:var(--muted);margin:0}
.keys span{white-space:nowrap}
.key{width:16px;height:8px;margin-right:5px;vertical-align:middle}
.pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(240px,1fr));gap:22px;margin-top:14px}
.picture svg{display:block;width:100%;height:210px;background:var(--track);border-radius:8px}
.picture .absent{display:flex;align-items:center;justify-content:center;height:210px;margin:0;padding:24px;
text-align:center;background:var(--track);border-radius:8px;color:var(--muted);font-size:14px}
.picture ol{margin:8px 0 4px;padding-left:20px;font-size:14px;line-height:1.4}
.picture li.wrong::marker{color:rgb(var(--bad));font-weight:700}
.picture li.missed::marker{color:var(--second);font-weight:700}
.source{font:12px/1.4 ui-monospace,Menlo,Consolas,"Liberation Mono",monospace;color:var(--muted);
overflow-wrap:anywhere;margin:0}
.box,.rim{fill:none;vector-effect:non-scaling-stroke}
.rim{stroke:rgba(0,0,0,.55);stroke-width:4.5}.rim.right{stroke-width:2.5}
.box{stroke-width:2.5}.box.wrong{stroke:#ff7a2f}.box.missed{stroke:#35d0d0;stroke-dasharray:6 4}
.box.right{stroke:#fff;stroke-width:1.2;opacity:.9}
.keys .box.right{stroke:var(--muted)}
.keys .key{overflow:visible}
circle.badge{stroke:rgba(0,0,0,.6);stroke-width:1;vector-effect:non-scaling-stroke}
circle.wrong{fill:#ff7a2f}circle.missed{fill:#35d0d0}
text.badge{fill:#0b0e13;font-weight:700;text-anchor:middle}
ul{margin:8px 0 0;padding-left:20px;font-size:14px;overflow-wrap:anywhere}
footer{margin-top:28px;font-size:13px;color:var(--muted);max-width:72em}
.charts{grid-template-columns:repeat(auto-fill,minmax(min(240px,100%),1fr))}
@media (max-width:760px){.charts{gap:16px 14px;grid-template-columns:repeat(auto-fill,minmax(148px,1fr))}
.charts figure:first-child{grid-column:1/-1}
.charts figure:not(:first-child) text{font-size:13px}
main{padding:28px 16px 40px}h1{font-size:30px}.verdict{font-size:19px}
section{padding:18px 16px}.tiles{grid-template-columns:repeat(2,1fr);gap:10px}.tile{padding:14px}
.tile .value{font-size:27px}.facts{gap:10px 24px}.list div{grid-template-columns:1fr;gap:0}
.labels,.labels tbody,.labels th,.labels td{display:block}.labels thead{display:none}
.labels tr{display:grid;grid-template-columns:repeat(12,1fr);gap:4px 10px;padding:12px 0;
border-bottom:1px solid var(--line)}.labels tr:last-child{border-bottom:0}
.labels tbody th,.labels td{padding:0;border:0;text-align:left;max-width:none}
.labels tbody th,.labels .f1{grid-column:1/-1}
.labels .f1{display:flex;align-items:center;min-width:0}.labels .f1 .bar{flex:1;width:auto}

.labels td{grid-column:span 4}.labels td:nth-child(n+6){grid-column:span 3}
.labels .f1 .pair{flex:none;width:118px}.labels td .change{display:inline;margin-left:5px}
.labels td:not(.f1)::before{content:attr(data-name);display:block;font-size:12px;color:var(--muted)}}
@media print{:root{color-scheme:light;--ground:#fff;--card:#fff;--ink:#000;--muted:#444;--line:#ccc;--track:#e6e6e6;
--now:#2456d6;--then:#777;--second:#0a7f86;--better:#0a7447;--worse:#b3261e;--heat:36,86,214;--bad:217,72,15;
--strong:#fff}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}main{max-width:none;padding:0}
section{padding:0;border:0;margin-top:22px}.tile,tr,figure{break-inside:avoid}h2{break-after:avoid}
.scroll{overflow:visible}}
""".strip()
