/** The page's whole style: no other file, no font from elsewhere. Light or dark as the reader's system; light on paper. */
export const style = `
:root { color-scheme: light dark; --back: #f4f6f9; --card: #ffffff; --ink: #1b2430; --soft: #5b6878; --edge: #dde3ea; --hover: #eef2f7;
  --pass: #1c8552; --warn: #a86200; --fail: #cc2f2f; --unknown: #6757b8;
  --pass-back: #e9f6ef; --warn-back: #fdf3e0; --fail-back: #fdebeb; --unknown-back: #efedfa; --focus: #1f6feb; }
@media screen and (prefers-color-scheme: dark) {
  :root { --back: #0e131a; --card: #161d27; --ink: #e4eaf2; --soft: #93a1b3; --edge: #2a3442; --hover: #1d2632;
    --pass: #55c78d; --warn: #efb04a; --fail: #ff7b7b; --unknown: #ab9df5;
    --pass-back: #14291f; --warn-back: #2d2415; --fail-back: #351a1d; --unknown-back: #221e3a; --focus: #6cb0ff; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 28px max(20px, calc((100vw - 1320px) / 2)) 40px; background: var(--back); color: var(--ink);
  font: 14px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 16px; top: 8px; background: var(--card); padding: 6px 12px; border-radius: 8px; z-index: 1; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 16px; margin-bottom: 18px; }
h1 { font-size: 24px; line-height: 1.2; margin: 0; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { font-size: 16px; margin: 0 0 12px; } h2 .mark { margin-left: 6px; vertical-align: 1px; }
header p { margin: 0; color: var(--soft); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: 14px; margin: 0 0 18px; }
.tile, section { background: var(--card); border: 1px solid var(--edge); border-radius: 14px; }
.tile { padding: 14px 18px; border-top: 3px solid var(--edge); }
.tile.pass { border-top-color: var(--pass); } .tile.warn { border-top-color: var(--warn); }
.tile.fail { border-top-color: var(--fail); } .tile.unknown { border-top-color: var(--unknown); }
.tile dt { color: var(--soft); font-size: 12px; text-transform: uppercase; letter-spacing: 0.05em; }
.tile dd { margin: 2px 0 0; } .tile strong { font-size: 24px; line-height: 1.25; font-weight: 650; font-variant-numeric: tabular-nums; display: block; }
.tile small { color: var(--soft); font-size: 12.5px; }
section { padding: 18px 20px; margin-bottom: 18px; }
.scroll { overflow-x: auto; }
svg { display: block; width: 100%; min-width: 980px; height: auto; font-size: 12.5px; }
svg text { fill: var(--ink); } svg .heading { fill: var(--soft); font-size: 11px; font-weight: 600; letter-spacing: 0.08em; }
svg .site { fill: var(--soft); font-weight: 600; } svg .fact { fill: var(--soft); font-size: 12px; } svg .title { font-size: 13.5px; font-weight: 650; }
svg .sign { text-anchor: middle; font-weight: 700; }
.bracket { fill: none; stroke: var(--edge); stroke-width: 1.5; }
.line { fill: none; stroke-width: 1.5; stroke: var(--edge); }
.line.pass { stroke: var(--pass); opacity: 0.45; } .line.warn { stroke: var(--warn); stroke-width: 2; }
.line.fail { stroke: var(--fail); stroke-width: 2.5; stroke-dasharray: 7 4; } .line.unknown { stroke: var(--unknown); stroke-dasharray: 2 4; }
.box rect { fill: var(--card); stroke: var(--edge); stroke-width: 1.25; }
.box:hover rect { fill: var(--hover); }
.box.pass .sign { fill: var(--pass); } .box.warn .sign { fill: var(--warn); } .box.fail .sign { fill: var(--fail); } .box.unknown .sign { fill: var(--unknown); }
.box.warn rect { stroke: var(--warn); fill: var(--warn-back); } .box.fail rect { stroke: var(--fail); stroke-width: 2; fill: var(--fail-back); }
.box.unknown rect { stroke: var(--unknown); fill: var(--unknown-back); stroke-dasharray: 4 3; }
.box.account.pass rect { stroke: var(--pass); fill: var(--pass-back); }
a:focus-visible, .scroll:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: 6px; }
.box:focus-visible rect { stroke: var(--focus); stroke-width: 3; } svg a:focus-visible { outline: none; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; color: var(--soft); font-weight: 600; font-size: 12px; white-space: nowrap; }
th, td { padding: 6px 14px 6px 0; border-bottom: 1px solid var(--edge); vertical-align: top; overflow-wrap: break-word; }
td.long { overflow-wrap: anywhere; } td.whole { white-space: nowrap; }
tbody tr:last-child > * { border-bottom: 0; } tr:target td { background: var(--hover); }
td.verdict { white-space: nowrap; width: 1%; }
.mark { display: inline-block; padding: 0 9px; border-radius: 99px; font-size: 12.5px; font-weight: 600; white-space: nowrap; }
.mark.pass { color: var(--pass); background: var(--pass-back); } .mark.warn { color: var(--warn); background: var(--warn-back); }
.mark.fail { color: var(--fail); background: var(--fail-back); } .mark.unknown { color: var(--unknown); background: var(--unknown-back); }
.troubles { list-style: none; margin: 0; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 560px), 1fr)); gap: 16px 28px; }
.troubles li { border-left: 4px solid var(--edge); padding: 2px 0 2px 14px; margin: 0; min-width: 0; }
.troubles li.fail { border-color: var(--fail); } .troubles li.warn { border-color: var(--warn); } .troubles li.unknown { border-color: var(--unknown); }
.troubles p { margin: 2px 0; overflow-wrap: anywhere; } .soft { color: var(--soft); } code { font: 12.5px/1.5 ui-monospace, "Cascadia Mono", Consolas, monospace; overflow-wrap: anywhere; }
footer { color: var(--soft); font-size: 12.5px; }
@page { margin: 12mm; }
@media print { :root { --back: #fff; --card: #fff; } body { padding: 0; font-size: 11px; } .skip, footer { display: none; }
  .tiles { grid-template-columns: repeat(5, 1fr); } .tile { padding: 8px 10px; } .tile strong { font-size: 17px; }
  section { border: 0; padding: 0 0 8px; } tr, li, .tile { break-inside: avoid; } h2 { break-after: avoid; }
  svg { min-width: 0; } th, td { padding: 4px 10px 4px 0; } .scroll { overflow: visible; } * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
`;
