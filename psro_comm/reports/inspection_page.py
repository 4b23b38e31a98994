"""Makes a web page of an episode: the board, best actions, and messages as heard.

The page holds its data and a few lines of script, and loads nothing from elsewhere.
"""

import html
import json
from collections.abc import Mapping
from typing import Any

from psro_comm.reports.text import Section

# Colours are those of `figures.style`.
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>
body {{ font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem auto; max-width: 62rem;
  padding: 0 1rem; color: #222; background: #fff }}
h1 {{ font-size: 1.1rem }}
.stage {{ display: flex; flex-wrap: wrap; gap: 1.5rem; align-items: flex-start }}
svg {{ width: min(30rem, 100%); max-height: 32rem }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums }}
td, th {{ padding: .15rem .7rem .15rem 0; text-align: right; font-weight: normal }}
th {{ color: #666; border-bottom: 1px solid #ccc }}
td:first-child, th:first-child {{ text-align: left }}
.forged td {{ color: #D55E00 }}
.changed {{ font-weight: bold }}
.row {{ margin: .8rem 0; display: flex; gap: .6rem; align-items: center }}
input[type=range] {{ flex: 1; max-width: 24rem }}
p {{ color: #555; max-width: 46rem }}
</style></head><body>
<h1>{title}</h1>
<div class="row"><button id="play">play</button>
<input id="at" type="range" min="0" max="0" value="0"
 aria-label="step"><output id="said"></output></div>
<div class="stage"><svg id="board" role="img" aria-label="the world"></svg>
<table id="talk"></table></div>
<div class="row"><label>What <select id="who"></select> hears</label></div>
<table id="heard"></table>
<p>{note}</p>
<h1>{heading}</h1>
{statistic}
<script>
const episode = {data};
const start = {start};
{script}
</script></body></html>
"""

_NOTE = (
    "Orange: malicious. A ring: its message was flagged by the filter. Bent: how far"
    " the message was from what it meant; heard off: how far what the others heard was,"
    " both in mean norms of a clean message. Actions: the best one with no attack,"
    " under it, and under it behind the filter, from the same state; bold where it is"
    " another than clean, in brackets the one that is taken, if not the best. The"
    " episode follows the actions of the condition “{follow}”. It starts at step"
    " {shown}: {why}."
)

_SCRIPT = """
const board = document.getElementById('board'), talk = document.getElementById('talk');
const at = document.getElementById('at'), said = document.getElementById('said');
const button = document.getElementById('play');
const frames = [...episode.steps, {scene: episode.end, agents: []}];
const names = ['clean', 'attacked', 'defended'];
const who = document.getElementById('who'), heard = document.getElementById('heard');
const benign = k => !episode.malicious.includes(k);
const largest = Math.max(1e-9, ...episode.steps.flatMap(step => step.agents.flatMap(
  agent => agent.alive ? agent.message.clean.map(Math.abs) : [])));
const colours = {agent: '#0072B2', prey: '#009E73', enemy: '#222222'};
at.max = frames.length - 1;
function shape(parent, kind, attributes, text) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', kind);
  for (const [name, value] of Object.entries(attributes))
    made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
}
function drawBoard(scene, agents) {
  board.setAttribute('viewBox', `-0.1 -0.1 ${scene.columns + .2} ${scene.rows + .2}`);
  board.replaceChildren();
  const open = new Set(scene.ground.map(String));
  for (let row = 0; row < scene.rows; row++)
    for (let column = 0; column < scene.columns; column++)
      shape(board, 'rect', {x: column, y: row, width: 1, height: 1, stroke: '#ccc',
        'stroke-width': .02,
        fill: !open.size || open.has(`${row},${column}`) ? '#fff' : '#e9e9e9'});
  for (const sprite of scene.sprites) {
    const agent = sprite.agent === null ? undefined : agents[sprite.agent];
    const held = sprite.agent !== null && episode.malicious.includes(sprite.agent);
    const x = sprite.column + .5, y = sprite.row + .5;
    if (agent && agent.flagged)
      shape(board, 'circle', {cx: x, cy: y, r: .44, fill: 'none', stroke: '#CC79A7',
        'stroke-width': .07});
    shape(board, 'circle', {cx: x, cy: y, r: .32,
      fill: held ? '#D55E00' : colours[sprite.kind] || '#8C8C8C'});
    if (sprite.agent !== null)
      shape(board, 'text', {x: x, y: y + .12, 'font-size': .34, fill: '#fff',
        'text-anchor': 'middle'}, sprite.agent);
    if (sprite.label)
      shape(board, 'text', {x: x, y: y + .48, 'font-size': .16, fill: '#222',
        'text-anchor': 'middle'}, sprite.label);
  }
}
function cell(row, text, name) {
  const made = row.insertCell();
  made.textContent = text;
  if (name) made.className = name;
}
function drawTalk(agents) {
  talk.replaceChildren();
  const head = talk.createTHead().insertRow();
  for (const title of ['agent', 'bent', 'flagged', 'heard off', ...names]) {
    const made = document.createElement('th');
    made.textContent = title;
    head.append(made);
  }
  const body = talk.createTBody();
  agents.forEach((agent, k) => {
    if (!agent.alive) return;
    const row = body.insertRow();
    if (agent.forged) row.className = 'forged';
    cell(row, agent.forged ? `${k}, malicious` : `${k}`);
    cell(row, agent.bent ? agent.bent.toFixed(2) : '-');
    cell(row, agent.flagged ? 'yes' : 'no');
    cell(row, agent.heard_off ? agent.heard_off.toFixed(2) : '-');
    for (const name of names) {
      const best = agent.best[name], taken = agent.action[name];
      const other = best === taken ? '' : ` (${episode.actions[taken]})`;
      cell(row, episode.actions[best] + other,
        best === agent.best.clean ? '' : 'changed');
    }
  });
}
function drawStrip(parent, numbers) {
  const wide = numbers.length > 8 ? 7 : 46, size = [wide * numbers.length, 16];
  const strip = shape(parent, 'svg', {width: size[0], height: size[1]});
  strip.style.width = `${size[0]}px`;
  numbers.forEach((number, k) => {
    const pale = 255 * (1 - Math.min(1, Math.abs(number) / largest));
    const fill = number < 0 ? `rgb(255 ${(94 + pale * .63) | 0} ${pale | 0})`
      : `rgb(${pale | 0} ${(114 + pale * .55) | 0} 255)`;
    const box = shape(strip, 'rect', {x: wide * k, y: 0, width: wide, height: 16,
      fill: fill});
    shape(box, 'title', {}, number);
    if (wide > 7)
      shape(strip, 'text', {x: wide * (k + .5), y: 12, 'font-size': 11,
        'text-anchor': 'middle'}, number.toFixed(2));
  });
}
function drawHeard(agents) {
  heard.replaceChildren();
  const listener = agents[Number(who.value)];
  if (!listener || !listener.alive) return;
  const titles = ['clean', 'attacked', 'repaired'];
  for (const [sender, [first, last]] of Object.entries(listener.hears))
    names.forEach((name, k) => {
      const row = heard.insertRow(), said = agents[sender];
      if (said.forged) row.className = 'forged';
      cell(row, k ? '' : `from agent ${sender}`);
      cell(row, titles[k]);
      drawStrip(row.insertCell(), said.message[name].slice(first, last));
    });
}
function show() {
  const k = Number(at.value), frame = frames[k];
  drawBoard(frame.scene, frame.agents);
  drawTalk(frame.agents);
  drawHeard(frame.agents);
  const earned = episode.steps.slice(0, k).reduce((sum, s) => sum + s.reward, 0);
  said.textContent = k < episode.steps.length
    ? `step ${k}, return so far ${earned.toFixed(2)}`
    : `end: return ${earned.toFixed(2)}, ${episode.success ? 'success' : 'no success'}`;
}
let clock = null;
function toggle() {
  if (clock) { clearInterval(clock); clock = null; }
  else clock = setInterval(() => {
    at.value = (Number(at.value) + 1) % frames.length; show();
  }, 600);
  button.textContent = clock ? 'pause' : 'play';
}
button.onclick = toggle;
at.oninput = who.oninput = show;
episode.steps[0].agents.forEach((_, k) => {
  if (benign(k)) who.add(new Option(`agent ${k}`, k));
});
at.value = start;
const turned = frames[start].agents.findIndex((agent, k) =>
  agent.alive && benign(k) && agent.best.clean !== agent.best.attacked);
if (turned >= 0) who.value = turned;
show();
"""


def render_replay(
    episode: Mapping[str, Any], title: str, statistic: Section, shown: int, why: str
) -> str:
    """Returns the page that replays an episode, as HTML.

    Args:
      episode: the result of `inspect_episode`.
      title: title of the page.
      statistic: what many worlds amount to.
      shown: number of the step that it starts at.
      why: why that.
    """
    kept = {
        key: episode[key]
        for key in ("follow", "malicious", "actions", "success", "end")
    }
    kept["steps"] = [
        {**step, "agents": [_brief(agent) for agent in step["agents"]]}
        for step in episode["steps"]
    ]
    # A closing tag inside the data would end the script.
    data = json.dumps(kept, separators=(",", ":")).replace("</", "<\\/")
    follow = episode["follow"]
    return _PAGE.format(
        title=html.escape(title),
        note=html.escape(_NOTE.format(follow=follow, shown=shown, why=why)),
        heading=html.escape(statistic.title),
        statistic=_table(statistic),
        data=data,
        start=shown,
        script=_SCRIPT,
    )


def _brief(agent: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what the page shows of an agent; the rest is in the JSON file."""
    kept = {key: value for key, value in agent.items() if key != "scores"}
    if "message" in kept:
        kept["message"] = {
            name: [round(number, 3) for number in numbers]
            for name, numbers in agent["message"].items()
        }
    return kept


def _table(section: Section) -> str:
    """Returns a section's table and its notes as HTML."""
    lines = [
        "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row)
        for tag, rows in (("th", [section.head]), ("td", section.rows))
        for row in rows
    ]
    rows = "".join(f"<tr>{line}</tr>" for line in lines)
    notes = "".join(f"<p>{html.escape(note)}</p>" for note in section.notes)
    return f"<table>{rows}</table>{notes}"
