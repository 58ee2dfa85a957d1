// The page of `mull serve`: ask, and see the model think.
//
// What is shown of the thinking is made from the trace alone (src/mull/think/trace.py), whose records come as
// `ext.trace` in the chunks of the stream. Text becomes text nodes, never markup.

const $ = (id) => document.getElementById(id);
const many = (n, what) => `${Math.round(n).toLocaleString("en")}${what ? ` ${what}${n === 1 ? "" : "s"}` : ""}`;
const clip = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
const line = (text) => String(text).replace(/\s+/g, " ").trim();
const took = (seconds) => `${seconds < 9.95 ? seconds.toFixed(1) : Math.round(seconds)} s`;

/** An element: `tag.class`, properties (`on…`, `--…`, `data-…`, `aria-…` too), children that are nodes or text. */
function h(tag, props = {}, ...children) {
	const [name, ...classes] = tag.split(".");
	const made = document.createElement(name || "div");
	if (classes.length) made.className = classes.join(" ");
	for (const [key, value] of Object.entries(props)) {
		if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
		else if (key.startsWith("--")) made.style.setProperty(key, value);
		else if (/^(data-|aria-|role$)/.test(key)) made.setAttribute(key, value);
		else made[key] = value;
	}
	made.append(...children.filter((child) => child != null && child !== ""));
	return made;
}

// Mathematics and a little markup, as readable text

const DEEPEST = 24; // groups in groups; deeper ones stay as written
const SIGNS = new Map();
const signs = `times × cdot · div ÷ pm ± leq ≤ le ≤ geq ≥ ge ≥ neq ≠ ne ≠ approx ≈ equiv ≡ infty ∞ sum ∑
	prod ∏ int ∫ partial ∂ nabla ∇ to → rightarrow → leftarrow ← Rightarrow ⇒ implies ⇒ iff ⇔ Leftrightarrow ⇔ in ∈ notin ∉
	subset ⊂ subseteq ⊆ cup ∪ cap ∩ emptyset ∅ forall ∀ exists ∃ neg ¬ land ∧ wedge ∧ lor ∨ vee ∨ circ ∘ mid | perp ⊥
	angle ∠ degree ° ldots … dots … cdots ⋯ therefore ∴ langle ⟨ rangle ⟩ lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉
	vert | alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ kappa κ lambda λ mu μ nu ν xi ξ pi π rho ρ
	sigma σ tau τ phi φ varphi φ chi χ psi ψ omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ Pi Π Sigma Σ Phi Φ Psi Ψ Omega Ω bmod mod pmod mod`;
for (const [, name, sign] of signs.matchAll(/(\S+)\s+(\S+)/g)) SIGNS.set(name, sign);
for (const name of "sin cos tan log ln exp min max gcd lcm det lim".split(" ")) SIGNS.set(name, name);
for (const each of "{}%$&#_") SIGNS.set(each, each);
for (const each of [..." ,;:", "quad", "qquad"]) SIGNS.set(each, " ");
const DROPPED = /^(left|right|[bB]igg?[lr]?|displaystyle|limits|hline|!)$/;
const PLAIN = /^(text|math)[a-z]*$|^operatorname$|^mbox$|^boldsymbol$/;

/**
 * Put `source` into `into`: TeX as text that reads well, `code` and **bold** too. Linear in its length.
 * `leaf(into, text, from, to)` puts in each stretch of text, which stands at `from` to `to` in the source.
 * `math` says that all of it is mathematics.
 */
function typeset(source, into, leaf = (where, text) => where.append(text), math = false) {
	let at = 0;
	const box = (where, tag) => where.appendChild(h(tag));

	function argument(where, depth) {
		while (source[at] === " ") at++;
		if (source[at] === "{") {
			at++;
			group(where, "}", true, depth + 1);
		} else if (source[at] === "\\") command(where, true, depth + 1);
		else if (at < source.length) leaf(where, source[at], at, ++at);
	}

	function command(where, math, depth) {
		const begin = at;
		const name = /^\\([A-Za-z]+|[^])?/.exec(source.slice(at, at + 24))[1] ?? "";
		at += 1 + name.length;
		if (depth > DEEPEST) return leaf(where, source.slice(begin, at), begin, at), math;
		if (/^[([]$/.test(name)) return true;
		if (/^[)\]]$/.test(name)) return false;
		if (name === "boxed" || name === "fbox") argument(box(where, "span.boxed"), depth);
		else if (/^[dt]?frac$/.test(name)) {
			const frac = box(where, "span.frac");
			argument(box(frac, "span"), depth);
			frac.append(h("span.unseen", {}, "/"));
			argument(box(frac, "span"), depth);
		} else if (name === "sqrt") {
			leaf(where, "√", begin, at);
			argument(box(where, "span.over"), depth);
		} else if (name === "overline") argument(box(where, "span.over"), depth);
		else if (PLAIN.test(name)) argument(/bf|bold/.test(name) ? box(where, "b") : where, depth);
		else if (/^(begin|end)$/.test(name)) at += /^\{\w*\*?\}|/.exec(source.slice(at, at + 24))[0].length;
		else if (DROPPED.test(name)) at += source[at] === "." ? 1 : 0;
		else if (name === "\\") leaf(where, "\n", begin, at);
		else leaf(where, SIGNS.get(name) ?? source.slice(begin, at), begin, at);
		return math;
	}

	function group(where, until, math, depth) {
		let begin = at;
		const flush = () => {
			const text = source.slice(begin, at);
			if (text) leaf(where, math ? text.replaceAll("-", "−").replaceAll("*", "×") : text, begin, at);
		};
		while (at < source.length) {
			const sign = source[at];
			if (until && source.startsWith(until, at)) {
				flush();
				at += until.length;
				return;
			}
			if (depth > DEEPEST || !/[\\^_*`${}&]/.test(sign)) {
				at++;
				continue;
			}
			const rest = source.slice(at, at + 2000);
			const script = (math ? /^[\^_]/ : /^(\^[\da-z{]|_\{)/i).test(rest);
			const bold = !math && /^\*\*[^*\n]+\*\*/.test(rest);
			const code = !math && /^`[^`\n]+`/.exec(rest);
			const dollar = sign === "$" && (math || /^\$(\$|[^\s$]([^$\n]*[^\s$])?\$(?!\d))/.test(rest));
			if (!(sign === "\\" || script || bold || code || dollar || (math && /[{}&]/.test(sign)))) {
				at++;
				continue;
			}
			flush();
			if (sign === "\\") math = command(where, math, depth);
			else if (script) {
				at++;
				const raised = box(where, sign === "^" ? "sup" : "sub");
				const digits = !math && /^\d+/.exec(source.slice(at, at + 20));
				if (digits) leaf(raised, digits[0], at, (at += digits[0].length));
				else argument(raised, depth);
			} else if (bold) {
				at += 2;
				group(box(where, "b"), "**", false, depth + 1);
			} else if (code) {
				leaf(box(where, "code"), code[0].slice(1, -1), at + 1, at + code[0].length - 1);
				at += code[0].length;
			} else if (dollar) {
				at += rest[1] === "$" ? 2 : 1;
				math = !math;
			} else if (sign === "{") {
				at++;
				group(where, "}", math, depth + 1);
			} else at++;
			begin = at;
		}
		flush();
	}

	group(into, "", math, 0);
	return into;
}

/** An answer as blocks: fenced code, headings, lines. */
function blocks(text) {
	const made = document.createDocumentFragment();
	let code = null;
	for (const each of text.split("\n")) {
		if (/^\s*```/.test(each)) {
			code = code ? null : made.appendChild(h("pre")).appendChild(h("code"));
		} else if (code) code.append(`${each}\n`);
		else {
			const heading = /^#{1,6} +/.exec(each);
			made.append(typeset(heading ? each.slice(heading[0].length) : each.replace(/^(\s*)[-*] /, "$1• "), h(heading ? "p.heading" : "p")));
		}
	}
	return made;
}

// The trace: what has become of each chain

const WHY = {
	Looped: ({ period, copies }) => `A loop of ${many(period, "token")}, ${many(copies, "time")}`,
	Claimed: ({ value }) => `False${value == null ? "" : `: it is ${value}`}`,
	Switched: ({ left, found }) => `The language went from ${left} to ${found}`,
	Ending: () => "It wanted to answer",
};

/** One chain: its text behind the prompt, and what happened where. Places in `text` are characters. */
class Chain {
	text = "";
	starts = []; // of each token
	claims = [];
	forced = [];
	gone = [];
	marks = [];
	drawn = 0;
	put = 0;
	discarded = 0;
	dirty = 0; // the first place that has changed since it was shown
	event = { type: "" };

	constructor(number, parent, at, prompt, counted) {
		Object.assign(this, { number, parent, at, prompt, counted, peak: at });
	}

	get length() {
		return this.prompt + this.starts.length;
	}

	/** Where the token at a length in tokens begins. */
	place(length) {
		return this.starts[Math.max(0, length - this.prompt)] ?? this.text.length;
	}

	add(pieces, forced) {
		const begin = this.text.length;
		for (const piece of pieces) {
			this.starts.push(this.text.length);
			this.text += piece;
		}
		this.peak = Math.max(this.peak, this.length);
		if (forced) {
			this.put += pieces.length;
			this.forced.push([begin, this.text.length]);
		} else this.drawn += pieces.length;
		this.touch(begin);
	}

	rewind(to) {
		const cut = this.place(to);
		const tokens = this.length - Math.max(to, this.prompt);
		const { event } = this;
		this.gone = this.gone.filter((each) => each.at <= cut);
		if (tokens) this.gone.push({ at: cut, tokens, text: this.text.slice(cut), kind: event.type, why: WHY[event.type]?.(event) ?? "A place it left", open: false });
		this.discarded += tokens;
		this.text = this.text.slice(0, cut);
		this.starts.length = Math.max(0, to - this.prompt);
		this.claims = this.claims.filter((each) => each.to <= cut);
		this.forced = this.forced.filter(([from]) => from < cut).map(([from, end]) => [from, Math.min(end, cut)]);
		this.touch(cut);
	}

	claim({ span: [first, after], text, verdict, value }) {
		const begin = this.place(first);
		const found = this.text.slice(begin, this.place(after)).indexOf(text);
		const from = begin + Math.max(0, found);
		const to = found < 0 ? this.place(after) : from + text.length;
		if (this.claims.some((each) => each.from === from && each.to === to)) return;
		if (verdict === "contradicted") this.marks.push({ kind: "Claimed", at: first });
		this.claims.push({ from, to, verdict, value });
		this.touch(from);
	}

	touch(place) {
		this.dirty = Math.min(this.dirty, place);
	}

	/** Its answer: what it voted for, or what stands in its last box. */
	get answer() {
		return this.vote ?? (this.drawn ? boxed(this.text) : null);
	}

	/** Why it ended without one. */
	get end() {
		return /^(closed|probed|voted)$/.test(this.stopped) ? "" : (this.stopped ?? "");
	}
}

/** What stands in the last \boxed{…} that is closed. */
function boxed(text) {
	const tail = text.slice(-4000);
	const begin = tail.lastIndexOf("\\boxed{");
	for (let depth = 0, end = begin + 6; begin >= 0 && end < tail.length; end++) {
		depth += tail[end] === "{" ? 1 : tail[end] === "}" ? -1 : 0;
		if (!depth) return tail.slice(begin + 7, end);
	}
	return null;
}

/** All chains, and what strategies and guards had to say. */
class Lives {
	constructor() {
		Object.assign(this, { chains: new Map(), head: null, piles: [], remarks: [], ticks: [], last: null });
	}

	hear(record) {
		const { op, chain: number, event } = record;
		const chain = this.chains.get(number);
		const enter = (...how) => this.chains.set(number, new Chain(number, ...how, record.counted)).get(number);
		if (op === "trace") this.head = record;
		else if (op === "answer") this.last = record;
		else if (op === "open") enter(null, record.prompt.length, record.prompt.length);
		else if (op === "fork") {
			const stem = this.chains.get(record.parent);
			const { text, starts, forced, claims } = stem;
			Object.assign(enter(stem, stem.length, stem.prompt), { text, starts: [...starts], forced: [...forced], claims: [...claims] });
		} else if (op === "tokens" || op === "say") chain.add(record.pieces, op === "say");
		else if (op === "rewind") chain.rewind(record.to);
		else if (op === "claim") chain.claim(record);
		else if (op === "note") this.note(record, chain);
		else if (op === "stop") chain.stopped = record.why;
		else if (op === "event") {
			chain.event = event;
			if (event.type === "Claimed") chain.claim(event);
			else if (event.type === "Looped" || event.type === "Switched") {
				chain.marks.push({ kind: event.type, at: event.start });
				this.ticks.push({ kind: event.type, spent: this.spent.all });
			}
		}
		if (chain && /^(think|event|stop)$/.test(op)) chain.thinking = op === "think";
	}

	note(note, chain) {
		if (note.kind === "vote") {
			const before = new Map(this.piles.map((each) => [each.answer, each.votes]));
			this.piles = note.piles.map(([answer, votes]) => ({ answer, votes }));
			chain.vote = note.answer;
			chain.pile = this.piles.find((each) => each.votes > (before.get(each.answer) ?? 0))?.answer; // equal answers share one
		}
		const told = remark(note);
		if (told) this.remarks.push({ told, chain: chain?.number ?? null });
	}

	/** The chains of the question itself that have said something: no probes, no stems that only forked. */
	get lines() {
		return [...this.chains.values()].filter((each) => each.counted !== "probe" && (each.drawn || each.thinking));
	}

	get spent() {
		const sums = { drawn: 0, "put in": 0, probes: 0, checks: 0, discarded: 0, all: 0 };
		for (const each of this.chains.values()) {
			const own = each.counted !== "sampled" && `${each.counted}s`;
			sums[own || "drawn"] += each.drawn;
			sums[own || "put in"] += each.put;
			sums.discarded += each.discarded;
			sums.all += each.drawn + each.put;
		}
		return sums;
	}
}

/** A note as a sentence; null for those that are shown at their place. */
function remark(note) {
	const did = note.did === "nothing" ? ": only noted" : `: ${note.did}`;
	return {
		loop: () => WHY.Looped(note) + did,
		language: () => WHY.Switched(note) + did,
		wish: () => `${{ answer_now: "Answer now", think_more: "Think more", hint: "A hint" }[note.wish]}${did}`,
		settled: () => `The vote is settled after ${many(note.votes, "vote")}`,
		auto: () => `Chose to ${note.chose}: ${note.why}`,
		plan: () => note.steps.length && `A plan: ${note.steps.map(line).join(" → ")}`,
		compare: () => `Compared: ${line(note.about)}`,
		program: () => `Ran a program: ${note.outcome}`,
	}[note.kind]?.() || null;
}

// Thoughts on the page: ✓ and ✗ at their claims, and what was taken back where it stood

const CLOSING = "</think>"; // what tagged models end their thoughts with
const SHORT = 60; // up to this length what was taken back stands struck in its line, else it is folded

/** The text of one chain inside an element; `update` does again only what has changed. */
class Thoughts {
	constructor(into) {
		Object.assign(this, { into, chain: null, lines: [], places: new WeakMap() });
	}

	show(chain) {
		if (this.chain === chain) return;
		Object.assign(this, { chain, lines: [] });
		this.into.replaceChildren();
	}

	update() {
		const { chain, lines } = this;
		const dirty = lines.length ? chain.dirty : 0;
		chain.dirty = Infinity;
		if (dirty === Infinity) return;
		while (lines.length && lines.at(-1).next > dirty) lines.pop().made.remove();
		const closing = chain.text.indexOf(CLOSING);
		for (let from = lines.at(-1)?.next ?? 0; from <= chain.text.length; from = lines.at(-1).next) {
			const ends = [chain.text.indexOf("\n", from), from < closing ? closing : -1].filter((end) => end >= 0);
			const to = from === closing ? from + CLOSING.length : Math.min(chain.text.length, ...ends);
			const made = this.into.appendChild(from === closing ? h("p.thought.close") : this.line(from, to));
			lines.push({ from, to, made, next: [from, to].includes(closing) ? to : to + 1 });
		}
	}

	line(from, to) {
		const { chain } = this;
		const made = h("p.thought");
		const text = chain.text.slice(from, to);
		const opened = from ? 0 : /^(<think>)?/.exec(text)[0].length;
		const claims = chain.claims.filter((each) => each.from < to && each.to > from);
		const forced = chain.forced.filter(([begin, end]) => begin < to && end > from);
		const gone = chain.gone.filter((each) => each.at >= from && each.at <= to);
		const edges = [...new Set([...claims.flatMap((each) => [each.from, each.to]), ...forced.flat(), ...gone.map((each) => each.at)])].sort((a, b) => a - b);
		const put = (where, place) => {
			while (gone.length && gone[0].at <= place) where.append(this.struck(gone.shift()));
		};
		const piece = (where, text, begin, end) => {
			const node = document.createTextNode(text);
			this.places.set(node, begin);
			const claim = claims.find((each) => each.from < end && each.to > begin);
			const said = forced.some(([start, stop]) => start < end && stop > begin) ? h("span.forced", { title: "put in" }, node) : node;
			if (claim) claim.shown = where.appendChild(h("span.claim", { "data-verdict": claim.verdict, title: claim.verdict }, said));
			else where.append(said);
		};
		typeset(text.slice(opened), made, (where, text, begin, end) => {
			const verbatim = text.length === end - begin;
			const first = from + opened + begin;
			const last = from + opened + end;
			let start = first;
			for (const cut of [...edges.filter((edge) => verbatim && edge > first && edge < last), last]) {
				put(where, start);
				piece(where, verbatim ? text.slice(start - first, cut - first) : text, start, cut);
				start = cut;
			}
		});
		put(made, to);
		for (const { shown, verdict, value } of claims) {
			shown?.classList.add("mark"); // on the last piece of a claim that was cut in pieces
			if (shown && verdict === "contradicted" && value != null) shown.dataset.value = value;
		}
		return made;
	}

	/** What was taken back, at the place where it stood. */
	struck(gone) {
		const text = gone.text.replace(CLOSING, "");
		const short = text.length <= SHORT;
		const said = h("del", { "data-kind": gone.kind, title: gone.why }, short ? line(text) : clip(text, 20000));
		if (short) return said;
		return h("details", { open: gone.open, ontoggle: (event) => (gone.open = event.target.open) },
			h("summary.chip", {}, `${gone.why} · ${many(gone.tokens, "token")} taken back`), said);
	}

	/** The place in the text under a point of the window, at the beginning of a word. */
	under(x, y) {
		const caret = document.caretPositionFromPoint?.(x, y);
		const range = caret ? null : document.caretRangeFromPoint?.(x, y);
		const [node, offset] = caret ? [caret.offsetNode, caret.offset] : [range?.startContainer, range?.startOffset];
		const begin = this.places.get(node);
		if (begin === undefined) return null;
		let place = begin + Math.min(offset, node.length);
		while (place > begin && /[^\s]/.test(this.chain.text[place - 1])) place--;
		return place;
	}

	/** The text node at a place, and the offset in it. */
	at(place) {
		const { from, made } = this.lines.findLast((each) => each.from <= place) ?? this.lines[0];
		const walk = document.createTreeWalker(made, NodeFilter.SHOW_TEXT);
		for (let node = walk.nextNode(); node; node = walk.nextNode()) {
			const begin = this.places.get(node);
			if (begin !== undefined && begin + node.length > place) return [node, Math.max(0, place - begin)];
		}
		return from <= place ? [made, made.childNodes.length] : [made, 0];
	}
}

// The tree of chains: each a stroke from where it was forked, with its answer behind it

/** The next chain on the way to the beginning that is shown. */
const stem = ({ parent }, shown) => (!parent || shown.has(parent) ? parent : stem(parent, shown));

class Tree {
	constructor(into, choose) {
		Object.assign(this, { into, choose, rows: new Map(), order: [], chosen: null });
		into.addEventListener("keydown", (event) => this.key(event));
	}

	update(lives, chosen, leader) {
		const lines = lives.lines;
		if (lines.length !== this.order.length) this.arrange(lines);
		this.into.classList.toggle("dense", lines.length > 16);
		const first = Math.min(...lines.map((each) => (each.parent && this.rows.has(each.parent.number) ? Infinity : each.at)));
		const most = Math.max(first + 32, ...lines.map((each) => each.peak));
		this.into.style.setProperty("--first", first);
		this.into.style.setProperty("--span", most - first);
		for (const chain of lines) this.row(chain, chain === chosen, leader);
		if (chosen === this.chosen) return;
		this.chosen = chosen;
		this.into.scrollTop = (this.rows.get(chosen.number)?.row.offsetTop ?? 0) - this.into.clientHeight / 2;
	}

	/** Chains below those they were forked from. */
	arrange(lines) {
		const shown = new Set(lines);
		const below = Map.groupBy(lines, (each) => stem(each, shown));
		const order = [];
		const left = [...(below.get(null) ?? [])].reverse().map((chain) => [chain, 1]);
		while (left.length) {
			const [chain, level] = left.pop();
			order.push([chain, level]);
			for (const each of [...(below.get(chain) ?? [])].reverse()) left.push([each, level + 1]);
		}
		this.order = order.map(([chain]) => chain);
		const tops = new Map();
		for (const [at, [chain, level]] of order.entries()) {
			if (!this.rows.has(chain.number)) this.rows.set(chain.number, this.make(chain));
			const made = this.rows.get(chain.number);
			made.row.setAttribute("aria-level", level);
			const top = tops.get(stem(chain, shown) ?? chain.parent) ?? at; // the row of its stem, or of the first from the same one
			tops.set(chain, at);
			if (!tops.has(chain.parent)) tops.set(chain.parent, at);
			made.row.style.setProperty("--rise", at - top);
		}
		this.into.replaceChildren(...this.order.map((chain) => this.rows.get(chain.number).row));
	}

	make(chain) {
		const way = h("span.way", {}, h("i.rise"), h("i.bar"));
		const end = h("span.end");
		const row = h("div.chain", { role: "treeitem", tabIndex: -1, "--at": chain.at, onclick: () => this.choose(chain) }, way, end);
		return { row, way, end, marks: 0, gone: 0, told: "" };
	}

	row(chain, chosen, leader) {
		const made = this.rows.get(chain.number);
		if (made.to !== chain.length) made.row.style.setProperty("--to", (made.to = chain.length));
		for (; made.marks < chain.marks.length; made.marks++) {
			const { kind, at } = chain.marks[made.marks];
			if (made.marks < 40) made.way.append(h("i.mark", { "data-kind": kind, "--mark": at }));
		}
		if (made.gone !== chain.discarded) {
			made.gone = chain.discarded;
			made.way.querySelector(".back")?.remove();
			if (chain.peak > chain.length) made.way.append(h("i.back", { "--mark": chain.length, "--peak": chain.peak }));
		}
		const { answer } = chain;
		const state = chain.thinking ? "thinking" : answer === null ? (chain.stopped ? "ended" : "waits") : (chain.pile ?? answer) === leader ? "leads" : "answered";
		const said = answer !== null ? clip(line(answer), 60) : chain.thinking ? "" : chain.end;
		const told = `${state}|${said}|${chosen}`;
		if (told !== made.told) {
			made.told = told;
			made.row.dataset.state = state;
			made.row.setAttribute("aria-selected", chosen);
			made.row.tabIndex = chosen ? 0 : -1;
			made.row.setAttribute("aria-label", `Line ${chain.number}, ${state}${said ? `: ${said}` : ""}`);
			made.end.replaceChildren();
			if (answer === null) made.end.append(said);
			else typeset(said, made.end, undefined, true);
			made.end.title = said;
		}
	}

	key(event) {
		const at = this.order.findIndex((chain) => this.rows.get(chain.number).row === document.activeElement);
		const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: this.order.length - 1 }[event.key];
		const chain = this.order[to];
		if (at < 0 || !chain) return;
		event.preventDefault();
		this.choose(chain);
		this.rows.get(chain.number).row.focus();
	}
}

// One answer: its stream, and all that is shown of it

const BIG = /"(stream|seed)": ?"?(\d{16,})"?/g; // whole numbers that JavaScript would round
const KINDS = ["drawn", "put in", "probes", "checks"];
const EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];
const now = () => performance.now();
let running = null; // the one run that is on its way
let model = "";

class Run {
	/** `how`: messages, strategy, effort, n, tokens, seed, and `begun`, thoughts to go on from. */
	constructor(turn, how) {
		Object.assign(this, { turn, how, records: [], lives: new Lives(), answer: "", thoughts: "", told: {}, begun: now(), cancel: new AbortController() });
		this.label = h("span.label");
		this.fold = h("button.fold", { type: "button", "aria-expanded": false, onclick: () => this.unfold() }, h("i.caret"), this.label);
		this.tree = h("div.tree", { role: "tree", "aria-label": "Lines of thought", hidden: true });
		this.remarks = h("ul.remarks", { hidden: true });
		this.which = h("p.which", { hidden: true });
		this.text = h("div.thoughts", { tabIndex: 0, role: "group", "aria-label": "Thoughts" });
		this.view = new Thoughts(this.text);
		this.trunk = new Tree(this.tree, (chain) => this.choose(chain));
		const body = h("div.body", {}, this.tree, this.remarks, this.which, this.text);
		this.thinking = h("section.thinking", { "aria-label": "Thinking" }, this.fold, body);
		this.votes = h("ol.votes", { "aria-label": "Votes", hidden: true });
		this.said = h("div.answer");
		this.facts = h("div.facts");
		this.element = h("div.run", {}, this.thinking, this.votes, this.said, this.facts);
		this.set(keep.folds === "open" ? "open" : "peek");
		this.text.addEventListener("click", (event) => this.click(event));
		this.text.addEventListener("keydown", (event) => this.key(event));
	}

	async go() {
		running = this;
		steering();
		this.paint();
		const { strategy, effort, n, tokens, seed, begun, messages } = this.how;
		const body = { model: model || undefined, messages, stream: true, seed, reasoning_effort: effort, max_completion_tokens: tokens || undefined,
			strategy: { name: strategy, n: (/vote|best|search|auto/.test(strategy) && n) || undefined }, ext: { trace: true, continue_from: begun ? { thoughts: begun } : undefined } };
		try {
			const reply = await call("v1/chat/completions", body, this.cancel.signal);
			for await (const data of events(reply.body)) this.hear(JSON.parse(data.replace(BIG, '"$1":"$2"')));
		} catch (error) {
			if (error.name !== "AbortError") this.error = error;
		}
		this.end();
	}

	hear(chunk) {
		if (chunk.error) throw new Error(chunk.error.message);
		this.id ??= chunk.id;
		for (const record of chunk.ext?.trace ?? []) {
			if (record.op !== "claim") this.records.push(record);
			this.lives.hear(record);
		}
		const { event, part, drop_chars: drop } = chunk.ext?.guard ?? {};
		if (event === "rewind" && part === "answer") this.answer = this.answer.slice(0, -drop);
		else if (event === "rewind") this.thoughts = this.thoughts.slice(0, -drop);
		else if (chunk.ext && !chunk.ext.trace) this.told = chunk.ext;
		const { delta = {} } = chunk.choices?.[0] ?? {};
		this.thoughts += delta.reasoning_content ?? delta.reasoning ?? "";
		if (delta.content) {
			this.first ??= now();
			this.answer += delta.content;
		}
		this.soon();
	}

	end() {
		this.ended = now();
		for (const chain of this.lives.chains.values()) chain.thinking = false;
		this.answer ||= this.lives.last?.text ?? "";
		if (this.thinking.dataset.fold === "peek") this.set("shut");
		if (running === this) running = null;
		this.paint();
		this.finish();
		steering();
		tell(this.error ? "It failed." : this.answer ? "The answer is there." : "Stopped.");
	}

	/** What is asked of the running request. */
	async steer(action, text) {
		if (action === "stop") setTimeout(() => this.cancel.abort(), this.id ? 1500 : 0); // it ends by itself, or is left
		if (!this.id) return;
		try {
			await call(`v1/chat/completions/${this.id}/control`, { action, text });
			tell(`Told it: ${action.replace("_", " ")}.`);
		} catch (error) {
			if (!this.ended) tell(error.message);
		}
	}

	// What is shown

	soon() {
		if (this.late) return;
		this.late = true;
		setTimeout(() => {
			this.late = false;
			this.paint();
		}, this.lives.chains.size < 50 ? 16 : 200); // a large tree is costly
	}

	get seconds() {
		return ((this.ended ?? now()) - this.begun) / 1000;
	}

	paint() {
		const { lives } = this;
		const { lines, spent } = lives;
		const open = this.thinking.dataset.fold !== "shut";
		const thought = ((this.first ?? this.ended ?? now()) - this.begun) / 1000;
		const busy = !this.ended && !this.first;
		this.thinking.classList.toggle("busy", busy);
		this.thinking.hidden = !lines.length && !busy;
		const cost = many(spent.all, "token") + (lines.length > 1 ? ` · ${lines.length} lines of thought` : "");
		this.label.textContent = busy ? (lines.length ? `Thinking · ${took(thought)} · ${cost}` : "Waiting to think …") : `Thought for ${took(thought)}, ${cost}`;
		const leader = lives.piles[0]?.answer ?? lives.last?.final ?? null;
		const chain = this.follow(lines, leader);
		if (open && chain) {
			this.tree.hidden = lines.length < 2;
			if (!this.tree.hidden) this.trunk.update(lives, chain, leader);
			this.which.hidden = this.tree.hidden;
			const facts = [`Line ${chain.number}`, many(chain.length - chain.prompt, "token"), chain.answer !== null ? `answers ${clip(line(chain.answer), 40)}` : chain.end];
			this.which.textContent = facts.filter(Boolean).join(" · ");
			this.view.show(chain);
			this.view.update();
			this.text.classList.toggle("alone", lines.length < 2 || chain.answer === null);
			if (this.thinking.dataset.fold === "peek") this.text.scrollTop = this.text.scrollHeight;
			this.remark();
		}
		this.vote(leader);
		if (this.answer !== this.written) {
			this.written = this.answer;
			this.said.replaceChildren(blocks(this.answer));
		}
		if (running === this) spending(this, spent, lines);
	}

	/** The chain whose text is shown: the one chosen by hand, the one that answers, or one that thinks. */
	follow(lines, leader) {
		if (this.chosen) return this.chosen;
		const voters = lines.filter((each) => each.counted === "sampled" && (each.pile ?? each.answer) === leader);
		if (this.ended && voters.length) {
			const text = this.thoughts.trim();
			return (this.shown = voters.find((each) => text && each.text.trim().startsWith(text)) ?? voters.at(-1));
		}
		if (!this.shown?.thinking) this.shown = lines.find((each) => each.thinking) ?? this.shown ?? lines.at(-1);
		return this.shown;
	}

	choose(chain) {
		this.chosen = chain;
		if (this.thinking.dataset.fold === "shut") this.set("open");
		this.paint();
	}

	remark() {
		const { remarks } = this.lives;
		this.remarks.hidden = !remarks.length;
		for (let at = this.remarks.childElementCount; at < Math.min(remarks.length, 200); at++) {
			const { told, chain } = remarks[at];
			const to = this.lives.chains.get(chain);
			const link = to && this.lives.lines.length > 1 && h("button.link", { type: "button", onclick: () => this.choose(to) }, `line ${chain}`);
			this.remarks.append(h("li", {}, told, link ? " · " : "", link || ""));
		}
	}

	vote(leader) {
		const { piles } = this.lives;
		const said = JSON.stringify([piles, leader]);
		if (said === this.voted) return;
		this.voted = said;
		this.votes.hidden = !piles.length;
		const all = piles.reduce((sum, each) => sum + each.votes, 0);
		this.votes.replaceChildren(...piles.slice(0, 5).map(({ answer, votes }) => h("li", { "--share": votes / all, "data-leads": answer === leader },
			typeset(clip(line(answer), 80), h("span.what"), undefined, true), h("i.share"), h("span.number", {}, `${votes} of ${all}`))));
	}

	set(fold) {
		this.thinking.dataset.fold = fold;
		this.fold.setAttribute("aria-expanded", fold === "open");
	}

	unfold() {
		const before = this.thinking.dataset.fold;
		this.set(before === "open" ? (this.ended ? "shut" : "peek") : "open");
		if (!this.ended) keep.folds = this.thinking.dataset.fold; // as the next ones will be
		this.paint();
		if (before === "peek") this.text.scrollTop = 0;
	}

	/** What stands under the finished answer. */
	finish() {
		const { lives, told, how, turn } = this;
		const last = lives.last ?? {};
		const checks = told.verification?.checks ?? last.evidence ?? [];
		const status = { closed: "answered before the thoughts were done", cut: "the answer was cut off", abstained: "no answer is given" }[told.status ?? last.status];
		const sure = told.confidence ?? last.confidence;
		const more = EFFORTS[Math.min(EFFORTS.length - 1, EFFORTS.indexOf(how.effort) + 1)];
		const at = turn.runs.indexOf(this);
		const ledger = this.ledger();
		const button = (text, title, act, off) => h("button.quiet", { type: "button", title, onclick: act, disabled: !!off }, text);
		const to = (sign, title, run) => button(sign, title, () => turn.show(run), !run);
		this.facts.replaceChildren(...[
			this.error ? h("p.wrong", { role: "alert" }, this.error.message) : this.answer ? "" : h("p", {}, "Stopped before there was an answer."),
			applied(told.policy ?? last.policy),
			...checks.map(({ check, about, verdict, found }) => h("p.check", { "data-verdict": verdict }, about, found ? `: ${found}` : "", h("small", {}, ` · ${check}, ${verdict}`))),
			...(told.warnings ?? []).map((warning) => h("p", {}, warning)),
			h("p.actions", {},
				h("span.sure", {}, [status, this.answer && sure ? `sure to ${Math.floor(100 * sure)} %` : ""].filter(Boolean).join(" · ")),
				turn.runs.length > 1 ? h("span", {}, to("‹", "The answer before", turn.runs[at - 1]), ` ${at + 1} of ${turn.runs.length} `, to("›", "The next answer", turn.runs[at + 1])) : "",
				button("Copy", "Copy the answer", () => navigator.clipboard.writeText(this.answer).then(() => tell("Copied."), (error) => tell(error.message)), !this.answer),
				button("Again", "Ask again, with another seed", () => turn.ask({ ...how, seed: anew() })),
				button("Think more", `Ask again, with effort ${more}`, () => turn.ask({ ...how, effort: more, seed: anew() })),
				button("Export", "Save the trace, for mull trace show", () => this.export(), !this.records.length),
				button("Ledger", "What it cost", () => (ledger.hidden = !ledger.hidden))),
			ledger].filter(Boolean));
	}

	ledger() {
		const { spent, last } = this.lives;
		const { prefill, cached, recomputed } = last?.ledger.tokens ?? {};
		const rows = [...KINDS.map((kind) => [kind, spent[kind]]), ["taken back of these", spent.discarded], ["prompt computed", prefill],
			["prompt from memory", cached], ["computed again", recomputed], ["tokens a second", spent.all / this.seconds]];
		return h("section.ledger", { "aria-label": "Ledger", hidden: true }, bar(spent, spent.all, []),
			h("dl", {}, ...rows.filter((row) => row[1]).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, many(value)))), h("div", {}, h("dt", {}, "seed"), h("dd", {}, `${this.told.seed ?? this.how.seed}`))));
	}

	export() {
		const text = this.records.map((record) => `${JSON.stringify(record).replace(BIG, '"$1":$2')}\n`).join("");
		const link = h("a", { href: URL.createObjectURL(new Blob([text], { type: "application/jsonl" })), download: `${this.id ?? "trace"}.jsonl` });
		link.click();
		setTimeout(() => URL.revokeObjectURL(link.href), 1000);
	}

	// From a point of a thought on, another way

	click(event) {
		if (event.target.closest("button, summary") || !getSelection().isCollapsed) return;
		const place = this.view.under(event.clientX, event.clientY);
		if (place === null) this.leave();
		else this.part(place);
	}

	key(event) {
		const { lines } = this.view;
		const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
		const here = lines[this.line];
		if (event.key === "Escape" && this.menu) {
			event.stopPropagation();
			this.leave();
			this.text.focus();
		} else if (event.target === this.text && (step || (event.key === "Enter" && here))) {
			event.preventDefault();
			if (!step) return this.part(here.from, true);
			here?.made.classList.remove("here");
			this.line = Math.max(0, Math.min(lines.length - 1, (this.line ?? (step < 0 ? lines.length : -1)) + step));
			const { made } = lines[this.line];
			made.classList.add("here");
			made.scrollIntoView({ block: "nearest" });
			tell(made.textContent);
		}
	}

	/** Offer to go on from a place: what comes after it is dimmed. */
	part(place, focus) {
		this.leave();
		const { chain } = this.view;
		const closing = chain.text.indexOf(CLOSING);
		if (closing >= 0) place = Math.min(place, closing);
		const [node, offset] = this.view.at(place);
		const after = document.createRange();
		after.setStart(node, offset);
		after.setEndAfter(this.text.lastChild);
		if (window.Highlight) CSS.highlights.set("after", new Highlight(after));
		const begun = chain.text.slice(0, place).replace(/^\s*<think>\n?/, "");
		const strategy = /plan|search/.test(this.how.strategy) ? "think" : this.how.strategy; // they begin with no thoughts
		const go = h("button.main", { type: "button", onclick: () => {
			this.leave();
			this.turn.ask({ ...this.how, strategy, begun, seed: anew() });
		} }, begun.trim() ? "Go on from here, differently" : "Begin again, differently");
		this.menu = h("div.menu", {}, go);
		const around = this.text.getBoundingClientRect();
		const edge = after.getClientRects()[0] ?? around;
		this.menu.style.top = `${edge.bottom - around.top + this.text.scrollTop + 4}px`;
		this.menu.style.left = `${Math.max(0, Math.min(edge.left - around.left, around.width - 240))}px`;
		this.text.append(this.menu);
		if (focus) go.focus();
	}

	leave() {
		this.menu?.remove();
		this.menu = null;
		CSS.highlights?.delete("after");
	}
}

/** The operator's rule that was applied, word for word. */
function applied(policy) {
	if (!policy) return null;
	const { action, rule, text } = policy;
	return h("p.badge", {}, h("b", {}, `Operator’s policy ${policy.policy} ${policy.version}`), ` · rule “${rule}” · ${action.replace("_", " ")}`, text && action !== "decline" ? h("q", {}, text) : "");
}

/** Tokens by kind against a bound, with a tick where trouble was found. */
function bar(spent, bound, ticks) {
	const of = Math.max(1, bound || 1);
	return h("div.bar", { "aria-hidden": true },
		...KINDS.map((kind) => h("i", { "data-kind": kind, title: kind, "--part": (spent[kind] ?? 0) / of })),
		...ticks.slice(-50).map(({ kind, spent: at }) => h("b", { "data-kind": kind, "--part": Math.min(1, at / of), title: kind })));
}

// Talking with the server

/** What the server says; its errors in its words. Paths are relative: the page may live under another one. */
async function call(path, body, signal) {
	const headers = { ...(body && { "content-type": "application/json" }), ...(keep.key && { authorization: `Bearer ${keep.key}` }) };
	const reply = await fetch(path, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body), signal }).catch((error) => {
		throw error.name === "AbortError" ? error : new Error("The server cannot be reached. Is it running?");
	});
	if (reply.ok) return reply;
	const told = (await reply.json().catch(() => null))?.error;
	if (reply.status === 401) settings();
	throw new Error(told?.message ?? `The server answered ${reply.status}.`);
}

/** The data of server-sent events. A stream that breaks off is an error. */
async function* events(stream) {
	const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
	let rest = "";
	for (let done = false, value; !done; ) {
		({ done, value = "" } = await reader.read());
		const all = (rest + value).split("\n\n");
		rest = all.pop();
		for (const event of all) {
			if (event === "data: [DONE]") return;
			if (event.startsWith("data: ")) yield event.slice(6);
		}
	}
	throw new Error("The connection broke off.");
}

// The conversation

const turns = [];

class Turn {
	constructor(question) {
		Object.assign(this, { question, runs: [], run: null, before: history(), place: h("div") });
		this.element = h("article.turn", {}, h("h2.question", {}, question), this.place);
		turns.push(this);
		$("talk").append(this.element);
	}

	/** Ask, or ask again in another way; a run that is on its way ends. */
	ask(how) {
		running?.steer("stop");
		running?.cancel.abort();
		const run = new Run(this, { messages: [...this.before, { role: "user", content: this.question }], ...how });
		this.runs.push(run);
		this.show(run);
		run.go();
	}

	show(run) {
		this.run = run;
		if (run.ended) run.finish();
		this.place.replaceChildren(run.element);
		if (this === turns.at(-1) && !run.ended) this.element.scrollIntoView();
	}
}

/** What the model is told of the conversation: questions and answers. Thoughts are dropped. */
function history() {
	return turns.filter((turn) => turn.run?.answer).flatMap((turn) => [
		{ role: "user", content: turn.question },
		{ role: "assistant", content: turn.run.answer },
	]);
}

const anew = () => Math.floor(Math.random() * 2 ** 31);
const tell = (text) => ($("told").textContent = text);

/** While it thinks the question's box takes hints, and buttons steer. */
function steering() {
	const busy = running !== null;
	document.title = busy ? "… mull" : "mull";
	$("steer").hidden = $("spend").hidden = !busy;
	$("chosen").hidden = busy;
	$("more").open = false;
	$("go").textContent = busy ? "Hint" : "Ask";
	$("words").placeholder = busy ? "Give it a hint" : "Ask a question";
	$("anew").hidden = !turns.length;
	$("welcome").hidden = turns.length > 0;
	ready();
}

/** The budget: tokens against their bound or, without one, the longest line against the context. */
function spending(run, spent, lines) {
	const { head, ticks } = run.lives;
	const bound = head?.budget?.tokens ?? run.how.tokens;
	const longest = Math.max(0, ...lines.map((each) => each.length));
	const share = bound ? spent.all / bound : longest / (head?.context ?? 1);
	$("bar").replaceChildren(bar(bound ? spent : { drawn: longest }, bound || head?.context, bound ? ticks : []));
	$("bar").setAttribute("aria-valuenow", Math.min(100, Math.round(100 * share)));
	const busy = lines.filter((each) => each.thinking).length;
	$("state").textContent = [bound ? `${many(spent.all)} of ${many(bound, "token")}` : many(spent.all, "token"),
		bound || !head ? "" : `longest line ${many(longest)} of ${many(head.context)}`, lines.length > 1 ? `${busy} of ${many(lines.length, "line")} thinking` : "",
		took(run.seconds), spent.all ? `${many(spent.all / run.seconds)} a second` : ""].filter(Boolean).join(" · ");
}

function ready() {
	const box = $("words");
	box.style.height = "auto";
	box.style.height = `${Math.min(box.scrollHeight, innerHeight / 3)}px`;
	$("go").disabled = !box.value.trim();
	$("go").hidden = running !== null && $("go").disabled;
}

function ask() {
	const text = $("words").value.trim();
	if (!text) return;
	$("words").value = "";
	if (running) running.steer("hint", text);
	else {
		const number = (id) => ($(id).value ? Number($(id).value) : undefined);
		new Turn(text).ask({ strategy: $("strategy").value, effort: $("effort").value, n: number("n"), tokens: number("tokens"), seed: number("seed") ?? anew() });
	}
	ready();
}

// What is kept between visits: how it looks, never what was said. The key only as long as the tab.

const store = (name) => (name === "key" ? sessionStorage : localStorage);
const keep = new Proxy({}, {
	get: (_, name) => store(name)[`mull.${name}`] ?? "",
	set: (_, name, value) => ((store(name)[`mull.${name}`] = value), true),
});

function settings() {
	for (const name of ["theme", "key"]) $(name).value = keep[name];
	if (!$("settings").open) $("settings").showModal();
}

/** Which model it is, and whose policy holds. */
async function meet() {
	try {
		model = (await (await call("v1/models")).json()).data[0].id;
		$("model").textContent = model;
	} catch (error) {
		$("model").textContent = error.message;
	}
	const said = await call("policy").then((reply) => reply.json()).catch(() => null);
	const policy = said?.policy;
	$("policy").hidden = !policy;
	$("policy").textContent = policy ? `Policy ${policy.id} ${policy.version}` : "";
}

const on = (id, type, act) => $(id).addEventListener(type, act);
const dress = () => (keep.theme ? document.documentElement.setAttribute("data-theme", keep.theme) : document.documentElement.removeAttribute("data-theme"));

for (const [id, options, now] of [["strategy", ["think", "vote", "best", "check", "plan", "search", "auto"], "think"], ["effort", EFFORTS, "medium"]]) {
	$(id).append(...options.map((each) => h("option", { value: each }, each)));
	$(id).value = options.includes(keep[id]) ? keep[id] : now;
	on(id, "change", () => (keep[id] = $(id).value));
}
on("ask", "submit", (event) => (event.preventDefault(), ask()));
on("words", "input", ready);
on("words", "keydown", (event) => {
	if (event.key !== "Enter" || event.shiftKey || event.ctrlKey || event.metaKey || event.isComposing) return;
	event.preventDefault();
	ask();
});
on("steer", "click", ({ target }) => target.dataset.action && running?.steer(target.dataset.action));
on("setup", "click", settings);
on("settings", "close", () => {
	for (const name of ["theme", "key"]) keep[name] = $(name).value;
	dress();
	meet();
});
on("anew", "click", () => {
	running?.cancel.abort();
	for (const turn of turns.splice(0)) turn.element.remove();
	steering();
	$("words").focus();
});
document.addEventListener("keydown", (event) => {
	if (document.querySelector("dialog[open]")) return;
	const typing = /^(TEXTAREA|INPUT|SELECT)$/.test(event.target.tagName);
	if (event.key === "Escape" && running) running.steer("stop");
	else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) running ? running.steer("answer_now") : ask();
	else if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
	else if (event.key === "/") {
		event.preventDefault();
		$("words").focus();
	} else if (event.key === "t") turns.at(-1)?.run.unfold();
});
setInterval(() => running?.paint(), 250); // the clock goes on while nothing comes
const examples = ["Using 3, 7, 8 and 25, make 54.", "What is 48 * 37?", "What number comes after 137, 121, 105, 89, 73?"];
$("examples").append(...examples.map((each) => h("li", {}, h("button", { type: "button", onclick: () => {
	$("words").value = each;
	ready();
	$("words").focus();
} }, each))));
dress();
steering();
meet();
