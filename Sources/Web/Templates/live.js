// Keeps an open page up to date; every page works without it.
"use strict";
(function () {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && document.cookie.indexOf("kalends_zone=") < 0) {
    document.cookie = "kalends_zone=" + encodeURIComponent(zone) + "; Path=/; SameSite=Lax; Max-Age=31536000";
  }

  // On a narrow screen the menu is a strip: where one is stands in sight.
  const here = document.querySelector("header nav [aria-current]");
  if (here) here.parentElement.scrollLeft = here.offsetLeft - here.parentElement.offsetLeft - 40;

  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", function () {
      const source = document.getElementById(button.dataset.copy);
      const copied = function () { toast("Copied."); };
      if (navigator.clipboard) return void navigator.clipboard.writeText(source.textContent).then(copied);
      // Without https there is no clipboard to write to, but a selection can be copied.
      getSelection().selectAllChildren(source);
      if (document.execCommand("copy")) copied();
    });
  }

  const allDay = document.querySelector("input[name=all_day]");
  if (allDay) {
    const show = function () {
      for (const field of document.querySelectorAll("[data-timed]")) field.hidden = allDay.checked;
    };
    allDay.addEventListener("change", show);
    show();
  }

  // One box ticks all of its form.
  for (const all of document.querySelectorAll("input[data-all]")) {
    all.hidden = false;
    all.addEventListener("change", function () {
      for (const box of all.form.querySelectorAll("tbody input[type=checkbox]")) box.checked = all.checked;
    });
  }

  // What a merge will be, as it is chosen.
  const merge = document.querySelector("form[data-merge]");
  if (merge) {
    const preview = function () {
      for (const output of merge.querySelectorAll("output[data-field]")) {
        const name = output.dataset.field;
        const chosen = merge.querySelector("input[name='from." + name + "']:checked");
        const typed = merge.querySelector("[name='merged." + name + "']");
        const from = chosen ? chosen.value : "gateway";
        output.textContent = from === "typed" && typed ? typed.value : output.dataset[from] || "–";
      }
    };
    merge.addEventListener("input", function (event) {
      if (event.target.name && event.target.name.indexOf("merged.") === 0) {
        const own = merge.querySelector("input[name='from." + event.target.name.slice(7) + "'][value=typed]");
        if (own) own.checked = true;
      }
      preview();
    });
    for (const words of merge.querySelectorAll("[data-preview]")) words.hidden = false;
    preview();
  }

  // What a mapping makes of the table, as it is chosen; the answer to the latest choice counts.
  const mapping = document.querySelector("form[data-mapping]");
  if (mapping) {
    let asking = null;
    mapping.addEventListener("change", function () {
      if (asking) asking.abort();
      asking = new AbortController();
      const chosen = new URLSearchParams(new FormData(mapping));
      chosen.set("verb", "preview");
      mapping.setAttribute("aria-busy", "true");
      fetch(mapping.action, { method: "POST", body: chosen, credentials: "same-origin", signal: asking.signal }).then(function (answer) {
        return answer.text();
      }).then(function (html) {
        const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("mapping");
        if (!fresh) return;
        const name = document.activeElement && document.activeElement.name;
        mapping.replaceChildren(...fresh.childNodes);
        const same = name && mapping.elements.namedItem(name);
        if (same && same.focus) same.focus();
        mapping.removeAttribute("aria-busy");
      }).catch(function (error) { if (error.name !== "AbortError") mapping.removeAttribute("aria-busy"); });
    });
  }

  // What went well goes by itself; what did not stays until it was read.
  function toast(sentence, remedy) {
    const line = document.createElement("p");
    line.textContent = sentence;
    document.getElementById("toasts").append(line);
    if (!remedy) return void setTimeout(function () { line.remove(); }, 6000);
    const what = document.createElement("strong");
    what.textContent = remedy;
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "×";
    close.setAttribute("aria-label", "Close this message");
    close.addEventListener("click", function () { line.remove(); });
    line.append(what, close);
  }

  // Parts marked data-live are taken anew from the server whenever something happens.
  if (!document.querySelector("[data-live]") || !window.EventSource) return;
  let timer = 0;
  let isBusy = false;
  // At most four times a second, however much happens: an event never puts off the one before.
  function refresh() {
    if (timer) return;
    timer = setTimeout(function () {
      timer = 0;
      if (isBusy) return refresh();
      isBusy = true;
      fetch(location.href, { credentials: "same-origin" }).then(function (answer) {
        return answer.ok ? answer.text() : "";
      }).then(function (html) {
        if (!html) return;
        const fresh = new DOMParser().parseFromString(html, "text/html");
        for (const part of document.querySelectorAll("[data-live]")) {
          const other = fresh.getElementById(part.id);
          const isInUse = part.contains(document.activeElement) && document.activeElement.matches("input,select,textarea");
          if (other && !isInUse && part.innerHTML !== other.innerHTML) replace(part, other);
        }
      }).catch(function () {}).finally(function () { isBusy = false; });
    }, 250);
  }

  // What was open stays open, and the keyboard stays where it was.
  function replace(part, other) {
    const open = Array.from(part.querySelectorAll("details")).map(function (one) { return one.open; });
    const active = part.contains(document.activeElement) ? document.activeElement.textContent : null;
    part.replaceChildren(...other.childNodes);
    part.querySelectorAll("details").forEach(function (one, index) { if (open[index]) one.open = true; });
    if (active === null) return;
    const same = Array.from(part.querySelectorAll("a,button,summary")).find(function (one) { return one.textContent === active; });
    if (same) same.focus();
  }

  // A bar moves with each event, before the page was asked for.
  function advance(event) {
    const link = JSON.parse(event.data);
    const bar = document.querySelector("progress[data-link='" + Number(link.id) + "']");
    if (!bar || !link.progress) return;
    bar.max = Math.max(link.progress.total, 1);
    if (link.progress.total_known) bar.value = link.progress.done;
    else bar.removeAttribute("value");
    const words = bar.nextElementSibling;
    const rest = link.progress.total_known ? "" : " read so far";
    if (words) words.textContent = link.progress.done + " of " + link.progress.total + rest;
  }

  const source = new EventSource("/api/v1/stream");
  source.addEventListener("link", advance);
  for (const name of ["link", "run", "conflict", "event"]) source.addEventListener(name, refresh);
  source.addEventListener("toast", function (event) {
    const told = JSON.parse(event.data);
    toast(told.message, told.remedy);
    refresh();
  });
  // Between the page and its stream, or while the gateway was away, anything may have happened.
  source.addEventListener("open", refresh);
  addEventListener("pagehide", function () { source.close(); });
})();
