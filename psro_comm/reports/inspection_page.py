"""Makes a web page of an episode: the board, malicious agents, flags, distortion.

The page holds its data and a few lines of script, and loads nothing from elsewhere.
"""

import html
import json
from collections.abc import Mapping
from typing import Any

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
<p>{note}</p>
<script>
const episode = {data};
{script}
</script></body></html>
"""

_NOTE = (
    "Orange: malicious. A ring: its message was flagged by the filter. Bent: how far"
    " the message was from what it meant; heard off: how far what the others heard was,"
    " both in mean norms of a clean message. Actions: what the agent would do with no"
    " attack, under it, and under it behind the filter, from the same state; bold where"
    " it differs. The episode follows the actions of the condition “{follow}”."
)

_SCRIPT = """
const board = document.getElementById('board'), talk = document.getElementById('talk');
const at = document.getElementById('at'), said = document.getElementById('said');
const button = document.getElementById('play');
const frames = [...episode.steps, {scene: episode.end, agents: []}];
const names = ['clean', 'attacked', 'defended'];
const colours = {agent: '#0072B2', prey: '#009E73', enemy: '#222222'};
at.max = frames.length - 1;
function shape(kind, attributes, text) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', kind);
  for (const [name, value] of Object.entries(attributes))
    made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  board.append(made);
}
function drawBoard(scene, agents) {
  board.setAttribute('viewBox', `-0.1 -0.1 ${scene.columns + .2} ${scene.rows + .2}`);
  board.replaceChildren();
  const open = new Set(scene.ground.map(String));
  for (let row = 0; row < scene.rows; row++)
    for (let column = 0; column < scene.columns; column++)
      shape('rect', {x: column, y: row, width: 1, height: 1, stroke: '#ccc',
        'stroke-width': .02,
        fill: !open.size || open.has(`${row},${column}`) ? '#fff' : '#e9e9e9'});
  for (const sprite of scene.sprites) {
    const agent = sprite.agent === null ? undefined : agents[sprite.agent];
    const held = sprite.agent !== null && episode.malicious.includes(sprite.agent);
    const x = sprite.column + .5, y = sprite.row + .5;
    if (agent && agent.flagged)
      shape('circle', {cx: x, cy: y, r: .44, fill: 'none', stroke: '#CC79A7',
        'stroke-width': .07});
    shape('circle', {cx: x, cy: y, r: .32,
      fill: held ? '#D55E00' : colours[sprite.kind] || '#8C8C8C'});
    if (sprite.agent !== null)
      shape('text', {x: x, y: y + .12, 'font-size': .34, fill: '#fff',
        'text-anchor': 'middle'}, sprite.agent);
    if (sprite.label)
      shape('text', {x: x, y: y + .48, 'font-size': .16, fill: '#222',
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
    for (const name of names)
      cell(row, episode.actions[agent.action[name]],
        agent.action[name] === agent.action.clean ? '' : 'changed');
  });
}
function show() {
  const k = Number(at.value), frame = frames[k];
  drawBoard(frame.scene, frame.agents);
  drawTalk(frame.agents);
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
at.oninput = show;
show();
"""


def render_replay(episode: Mapping[str, Any], title: str) -> str:
    """Returns the page that replays an episode, as HTML.

    Args:
      episode: the result of `inspect_episode`.
      title: title of the page.
    """
    kept = {
        **episode,
        "steps": [
            {**step, "agents": [_brief(agent) for agent in step["agents"]]}
            for step in episode["steps"]
        ],
    }
    # A closing tag inside the data would end the script.
    data = json.dumps(kept, separators=(",", ":")).replace("</", "<\\/")
    return _PAGE.format(
        title=html.escape(title),
        note=html.escape(_NOTE.format(follow=episode["follow"])),
        data=data,
        script=_SCRIPT,
    )


def _brief(agent: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what the page shows of an agent; its numbers are in the JSON file."""
    left_out = ("scores", "meant", "sent", "heard")
    return {key: value for key, value in agent.items() if key not in left_out}
