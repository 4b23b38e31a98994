"""The style sheet of all pages; colours are those of `figures.style`."""

STYLE = """
:root { --ink: #222; --paper: #fff; --quiet: #595959; --line: #ccc; --doubt: #A84300;
  --link: #005A8F; --agent: #0072B2; --prey: #00785A; --enemy: #222; --other: #6B6B6B;
  --flag: #A0457A; --wall: #E4E4E4; --on: #fff }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ddd; --paper: #181818; --quiet: #aaa; --line: #555;
    --doubt: #FF9E5E; --link: #7CC4F0; --agent: #56B4E9; --prey: #3DC79C;
    --enemy: #ddd; --other: #999; --flag: #E69AC4; --wall: #333; --on: #181818 } }
* { box-sizing: border-box }
body { font: 15px/1.5 system-ui, sans-serif; margin: 1.5rem auto; max-width: 68rem;
  padding: 0 1rem; color: var(--ink); background: var(--paper);
  overflow-wrap: anywhere }
h1 { font-size: 1.3rem }
h2 { font-size: 1.05rem; margin: 2rem 0 .5rem }
h3 { font-size: .95rem; margin: 1rem 0 .3rem }
p, li { max-width: 48rem }
ul { padding-left: 1.2rem }
a { color: var(--link) }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px }
main:focus { outline: none }
.skip { position: absolute; left: -99rem }
.skip:focus { position: static }
nav ul { display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; list-style: none;
  padding: 0; font-size: .9rem }
.lead { font-size: 1.15rem; font-weight: 600 }
.note, figcaption { color: var(--quiet); font-size: .9rem }
.doubts { border-left: .25rem solid var(--doubt); padding-left: 1rem }
.doubts h2, .doubt, .doubt a { color: var(--doubt) }
.wide { overflow-x: auto; overflow-wrap: normal; position: relative }
table { border-collapse: collapse; font-size: .85rem;
  font-variant-numeric: tabular-nums }
td, th { padding: .2rem .9rem .2rem 0; text-align: right; font-weight: normal;
  vertical-align: top; white-space: nowrap }
thead th { color: var(--quiet); border-bottom: 1px solid var(--line) }
tr > :first-child { text-align: left }
figure { margin: 1rem 0 }
figure > div { background: #fff; overflow-x: auto }
figure > div > svg, figure img { display: block; max-width: 100%; min-width: 40rem;
  height: auto; margin: 0 auto }
pre { white-space: pre-wrap; border: 1px solid var(--line); padding: .6rem }
.row { margin: .8rem 0; display: flex; flex-wrap: wrap; gap: .6rem;
  align-items: center }
.row label { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center;
  min-width: 0; max-width: 100% }
.row .far { flex: 1 1 14rem; max-width: 26rem }
.row .far input { flex: 1; min-width: 4rem }
button, select { font: inherit; color: inherit; background: transparent;
  border: 1px solid var(--quiet); border-radius: .3rem; padding: .2rem .7rem;
  max-width: 100%; min-width: 0 }
option { color: #222; background: #fff }
.pay td { background: rgba(0, 114, 178, var(--a, 0)); padding: .2rem .45rem;
  border: 2px solid var(--paper) }
.pay th { padding: .2rem .45rem }
.pay thead th:not(:first-child) { max-width: 9rem; white-space: normal;
  overflow-wrap: anywhere; vertical-align: bottom }
.pay .plays { font-weight: 700 }
.pay small { color: inherit }
.boards { display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fit, minmax(min(17rem, 100%), 1fr)) }
.boards figure { margin: 0; min-width: 0 }
.boards figcaption { color: var(--ink); min-height: 3em }
.boards svg { width: 100%; max-height: 26rem; display: block }
.boards text { text-anchor: middle; fill: var(--on) }
.boards .word { fill: var(--ink); stroke: var(--paper); stroke-width: .06;
  stroke-linejoin: round; paint-order: stroke }
.cell { fill: var(--paper); stroke: var(--line); stroke-width: .02 }
.wall { fill: var(--wall) }
.agent { fill: var(--agent) }
.prey { fill: var(--prey) }
.enemy { fill: var(--enemy) }
.other { fill: var(--other) }
.liar { fill: var(--doubt) }
.flag { fill: none; stroke: var(--flag); stroke-width: .07 }
.forged > * { color: var(--doubt) }
.changed { font-weight: 700 }
.strip { height: 16px; display: block }
.strip text { font-size: 11px; text-anchor: middle; fill: #222 }
@media print { nav, .row, .skip { display: none } }
"""
