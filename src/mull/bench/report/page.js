"use strict";
// The chains: filters, questions, samples. All of it is set as text, never as HTML: a model may have written it.
(async () => {
  const SIGNS = { right: "✓", wrong: "✗", "no answer": "–", truncated: "✂", looped: "↻", "parse failure": "¶", undecided: "?", error: "!" };
  const PAGE = 20; // questions shown at a time

  const make = (name, text, kind) => {
    const node = document.createElement(name);
    if (text !== undefined) node.textContent = text;
    if (kind) node.className = kind;
    return node;
  };
  const count = document.getElementById("count");
  const list = document.getElementById("list");
  const filters = document.getElementById("filters");

  let data;
  try {
    const letters = atob(document.getElementById("chains").textContent);
    const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    data = JSON.parse(await new Response(stream).text());
  } catch (error) {
    count.textContent = "This browser cannot unpack the chains: it is too old for DecompressionStream.";
    return;
  }

  const kindOf = (outcome) => "o-" + outcome.replaceAll(" ", "-");
  const off = new Set(); // outcomes that are not shown
  const chosen = { run: 0, group: "", words: "" };
  let shown = PAGE;

  const wanted = (sample) => !off.has(data.outcomes[sample.outcome]);
  const found = () => {
    const words = chosen.words.toLowerCase();
    return data.runs[chosen.run].items.filter((item) => {
      if (chosen.group && item.group !== chosen.group) return false;
      if (!item.samples.some(wanted)) return false;
      if (!words) return true;
      const texts = [item.id, item.question, item.gold];
      for (const sample of item.samples) if (wanted(sample)) texts.push(sample.final || "", sample.thoughts, ...sample.text);
      return texts.some((text) => text.toLowerCase().includes(words));
    });
  };

  function choose(label, values, names, change) {
    const box = make("select");
    box.setAttribute("aria-label", label);
    values.forEach((value, place) => {
      const option = make("option", names[place]);
      option.value = value;
      box.append(option);
    });
    box.addEventListener("change", () => { change(box.value); shown = PAGE; draw(); });
    return box;
  }

  function drawFilters() {
    filters.replaceChildren();
    const run = data.runs[chosen.run];
    if (data.runs.length > 1) {
      const box = choose("run", [...data.runs.keys()], data.runs.map((each) => each.name),
        (value) => { chosen.run = Number(value); chosen.group = ""; drawFilters(); });
      box.value = String(chosen.run);
      filters.append(box);
    }
    const groups = [...new Set(run.items.map((item) => item.group).filter((group) => group !== null))];
    if (groups.length > 1) filters.append(choose("group", ["", ...groups], ["all groups", ...groups], (value) => { chosen.group = value; }));
    const counts = data.outcomes.map(() => 0);
    for (const item of run.items) for (const sample of item.samples) counts[sample.outcome] += 1;
    data.outcomes.forEach((outcome, place) => {
      if (!counts[place]) return;
      const button = make("button", `${SIGNS[outcome]} ${outcome} ${counts[place].toLocaleString("en")}`, kindOf(outcome));
      button.type = "button";
      button.setAttribute("aria-pressed", String(!off.has(outcome)));
      button.addEventListener("click", () => {
        if (!off.delete(outcome)) off.add(outcome);
        button.setAttribute("aria-pressed", String(!off.has(outcome)));
        shown = PAGE;
        draw();
      });
      filters.append(button);
    });
    const words = make("input");
    words.type = "search";
    words.placeholder = "search in all texts";
    words.setAttribute("aria-label", words.placeholder);
    words.value = chosen.words;
    let waiting;
    words.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => { chosen.words = words.value; shown = PAGE; draw(); }, 200);
    });
    filters.append(words);
  }

  function drawChain(sample) {
    const box = make("div", undefined, "chain");
    const outcome = data.outcomes[sample.outcome];
    const facts = [outcome];
    if (sample.reason) facts.push(sample.reason + (sample.stage && sample.stage !== "none" ? ` (${sample.stage})` : ""));
    if (sample.status) facts.push(sample.status);
    facts.push(`${sample.tokens.toLocaleString("en")} tokens`, `${sample.seconds} s`);
    if (sample.chains > 1) facts.push(`${sample.chains} chains`);
    if (sample.confidence) facts.push(`confidence ${sample.confidence}`);
    box.append(make("div", facts.join(" · "), "note"));
    if (sample.thoughts) box.append(make("pre", sample.thoughts.trimEnd(), "thoughts"));
    if (sample.text.join("")) {
      const answer = make("pre");
      const [before, answered, after] = sample.text;
      answer.append(before);
      if (answered) answer.append(make("mark", answered));
      answer.append(after);
      box.append(answer);
    }
    return box;
  }

  function drawQuestion(item) {
    const box = make("article", undefined, "question");
    box.append(make("h4", `${item.id} — answer: ${item.gold.length > 200 ? item.gold.slice(0, 200) + "…" : item.gold}`));
    box.append(make("div", item.question || "(question not kept)", item.question ? "asked" : "asked note"));
    const row = make("div", undefined, "samples");
    const place = make("div");
    let opened = null;
    for (const sample of item.samples.filter(wanted)) {
      const outcome = data.outcomes[sample.outcome];
      const final = sample.final === null ? "" : " " + (sample.final.length > 24 ? sample.final.slice(0, 24) + "…" : sample.final);
      const button = make("button", SIGNS[outcome] + final, kindOf(outcome));
      button.type = "button";
      button.title = `sample ${sample.number + 1}: ${outcome}`;
      button.setAttribute("aria-expanded", "false");
      button.addEventListener("click", () => {
        const again = opened === button;
        if (opened) opened.setAttribute("aria-expanded", "false");
        place.replaceChildren();
        opened = again ? null : button;
        if (again) return;
        button.setAttribute("aria-expanded", "true");
        place.append(drawChain(sample));
      });
      row.append(button);
    }
    box.append(row, place);
    return box;
  }

  function draw() {
    const items = found();
    list.replaceChildren(...items.slice(0, shown).map(drawQuestion));
    const samples = items.reduce((sum, item) => sum + item.samples.filter(wanted).length, 0);
    count.textContent = `${samples.toLocaleString("en")} chains of ${items.length.toLocaleString("en")} questions. Click one to read it; the answer that was judged is marked.`;
    if (items.length > shown) {
      const more = make("button", `show ${Math.min(PAGE, items.length - shown)} more of ${items.length - shown}`);
      more.type = "button";
      more.id = "more";
      more.addEventListener("click", () => { shown += PAGE; draw(); });
      list.append(more);
    }
  }

  drawFilters();
  draw();
})();
