"""The script of a replay: it draws boards, and tables of what is said and decided."""

SCRIPT = """
const NS = 'http://www.w3.org/2000/svg';
function shape(parent, kind, attributes, text) {
  const made = document.createElementNS(NS, kind);
  for (const [name, value] of Object.entries(attributes))
    made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
}
function element(parent, kind, text, name) {
  const made = document.createElement(kind);
  if (text !== undefined) made.textContent = text;
  if (name) made.className = name;
  parent.append(made);
  return made;
}
function heads(table, titles) {
  const row = element(element(table, 'thead'), 'tr');
  for (const title of titles)
    element(row, title ? 'th' : 'td', title).scope = 'col';
}
function naming(row, text) { element(row, 'th', text).scope = 'row'; }
const KINDS = ['agent', 'prey', 'enemy'];

function replay(place) {
  const told = JSON.parse(place.querySelector('script').textContent);
  const part = name => place.querySelector('.' + name);
  const at = part('at'), said = part('said'), button = part('play');
  const which = part('which'), who = part('who'), boards = part('boards');
  const held = k => told.malicious.includes(k);
  const longest = Math.max(...told.conditions.map(
    name => told.tracks[name].rewards.length));
  const drawn = {};
  // On a large board a cell is too small to read what stands in it.
  const big = Math.max(1, Math.max(told.rows, told.columns) / 14), half = .34 * big;
  const edge = .1 + (big - 1) * .45;
  at.max = longest;

  function drawBoard(name, k) {
    const track = told.tracks[name], over = track.rewards.length;
    const scene = track.scenes[Math.min(k, over)], svg = drawn[name].svg;
    const agents = track.agents[k] || [], open = new Set(told.ground.map(String));
    svg.replaceChildren();
    for (let row = 0; row < told.rows; row++)
      for (let column = 0; column < told.columns; column++)
        shape(svg, 'rect', {x: column, y: row, width: 1, height: 1, class: !open.size
          || open.has(`${row},${column}`) ? 'cell' : 'cell wall'});
    const words = [];
    for (const [kind, row, column, agent, label] of scene) {
      const x = column + .5, y = row + .5, mine = agent !== null;
      const liar = mine && held(agent), known = mine && agents[agent];
      const flagged = known && known.flagged && name === 'defended';
      if (flagged)
        shape(svg, 'circle', {cx: x, cy: y, r: .45 * big, class: 'flag'});
      const look = liar ? 'liar' : KINDS.includes(kind) ? kind : 'other';
      if (mine) shape(svg, 'circle', {cx: x, cy: y, r: .36 * big, class: look});
      else shape(svg, 'path', {class: look,
        d: `M${x} ${y - half}L${x + half} ${y}L${x} ${y + half}L${x - half} ${y}Z`});
      if (mine) shape(svg, 'text', {x: x, y: y + .13 * big, 'font-size': .36 * big},
        liar ? `${agent}!` : agent);
      if (label) shape(svg, 'text', {x: x, y: y + .48 * big, 'font-size': .15 * big,
        class: 'word'}, label);
      words.push(`${mine ? `agent ${agent}` : kind}${liar ? ', malicious,' : ''}`
        + `${flagged ? ', flagged,' : ''} at row ${row},`
        + ` column ${column}${label ? `, ${label}` : ''}`);
    }
    svg.setAttribute('aria-label', `${drawn[name].title}: ${words.join('; ')}`);
    const earned = track.rewards.slice(0, k).reduce((sum, r) => sum + r, 0);
    const end = track.success ? 'success' : 'no success';
    const state = k < over ? `return so far ${earned.toFixed(2)}`
      : `ended with ${earned.toFixed(2)}, ${end}`;
    drawn[name].state.textContent = state;
    return `${drawn[name].title}: ${state}`;
  }

  function drawTalk(agents) {
    const table = part('talk');
    table.replaceChildren();
    heads(table, ['agent', 'bent', 'flagged', 'heard off',
      ...told.titles.map(title => `best: ${title}`)]);
    const body = element(table, 'tbody');
    agents.forEach((agent, k) => {
      if (!agent) return;
      const row = element(body, 'tr', undefined, agent.forged ? 'forged' : '');
      naming(row, held(k) ? `${k}, malicious` : `${k}`);
      element(row, 'td', agent.bent ? agent.bent.toFixed(2) : '-');
      element(row, 'td', agent.flagged ? 'yes' : 'no');
      element(row, 'td', agent.off ? agent.off.toFixed(2) : '-');
      agent.best.forEach((best, n) => {
        const taken = agent.action[n];
        const other = best === taken ? '' : ` (${told.actions[taken]})`;
        element(row, 'td', told.actions[best] + other,
          best === agent.best[0] ? '' : 'changed');
      });
    });
    if (!body.rows.length) naming(element(body, 'tr'), 'the episode is over');
  }

  function drawStrip(parent, numbers) {
    const few = numbers.length <= 8, wide = few ? 46 : 7;
    const real = numbers.map(number => (number * told.unit).toFixed(2));
    const strip = shape(parent, 'svg', {class: 'strip', role: 'img', height: 16,
      width: wide * numbers.length,
      'aria-label': real.slice(0, 16).join(', ') + (real.length > 16 ? ' ...' : '')});
    numbers.forEach((number, k) => {
      const pale = 255 * (1 - Math.min(1, Math.abs(number) / 100));
      const fill = number < 0 ? `rgb(255 ${(94 + pale * .63) | 0} ${pale | 0})`
        : `rgb(${pale | 0} ${(114 + pale * .55) | 0} 255)`;
      const rect = {x: wide * k, y: 0, width: wide, height: 16, fill: fill};
      shape(shape(strip, 'rect', rect), 'title', {}, real[k]);
      if (few) shape(strip, 'text', {x: wide * (k + .5), y: 12}, real[k]);
    });
  }

  function drawHeard(agents) {
    const table = part('heard');
    table.replaceChildren();
    const listener = agents[Number(who.value)];
    if (!listener) return;
    heads(table, ['from', 'as', 'message']);
    const body = element(table, 'tbody');
    for (const [sender, first, last] of listener.hears) {
      const spoken = agents[sender];
      if (!spoken) continue;
      ['clean', 'attacked', 'repaired'].forEach((name, n) => {
        const row = element(body, 'tr', undefined, spoken.forged ? 'forged' : '');
        naming(row, `agent ${sender}${held(sender) ? ', malicious' : ''}`);
        element(row, 'td', name);
        const said = spoken.said[Math.min(n, spoken.said.length - 1)];
        drawStrip(element(row, 'td'), said.slice(first, last));
      });
    }
  }

  function show() {
    const k = Number(at.value);
    const words = told.conditions.map(name => drawBoard(name, k));
    said.textContent = `Step ${k} of ${longest}. ${words.join('. ')}.`;
    at.setAttribute('aria-valuetext', `step ${k} of ${longest}`);
    const agents = told.tracks[which.value].agents[k] || [];
    drawTalk(agents);
    if (who) drawHeard(agents);
  }
  let clock = null;
  function pause() {
    clearInterval(clock);
    clock = null;
    button.textContent = 'Play';
    said.setAttribute('aria-live', 'polite');
  }
  function move(to) {
    at.value = Math.max(0, Math.min(longest, to));
    show();
  }
  function play() {
    if (clock) return pause();
    if (Number(at.value) === longest) move(0);
    button.textContent = 'Pause';
    said.setAttribute('aria-live', 'off');  // twice a second is too much to be told
    clock = setInterval(() => {
      move(Number(at.value) + 1);
      if (Number(at.value) === longest) pause();
    }, 600);
  }
  for (const name of told.conditions) {
    const figure = element(boards, 'figure'), words = element(figure, 'figcaption');
    const title = told.titles[['clean', 'attacked', 'defended'].indexOf(name)];
    element(words, 'strong', title);
    element(words, 'br');
    const state = element(words, 'span');
    const svg = shape(figure, 'svg', {role: 'img',
      viewBox: `${-edge} ${-edge} ${told.columns + 2 * edge} ${told.rows + 2 * edge}`});
    drawn[name] = {svg: svg, title: title, state: state};
    which.add(new Option(`of the track: ${title}`, name));
  }
  which.value = told.conditions.includes(told.track) ? told.track : told.conditions[0];
  const shown = told.tracks[which.value].agents[told.start] || [];
  if (who) {
    told.tracks[which.value].agents[0].forEach((_, k) => {
      if (!held(k)) who.add(new Option(`agent ${k}`, k));
    });
    const turned = shown.findIndex((agent, k) =>
      agent && !held(k) && agent.best[0] !== agent.best[1]);
    if (turned >= 0) who.value = turned;
    who.onchange = show;
  }
  which.onchange = at.oninput = show;
  button.onclick = play;
  part('back').onclick = () => move(Number(at.value) - 1);
  part('on').onclick = () => move(Number(at.value) + 1);
  boards.onkeydown = event => {
    const to = {ArrowLeft: Number(at.value) - 1, ArrowRight: Number(at.value) + 1,
      Home: 0, End: longest}[event.key];
    if (to === undefined) return;
    event.preventDefault();
    move(to);
  };
  place.hidden = false;
  move(told.start);
}
document.querySelectorAll('.replay').forEach(replay);
"""
