// Keeps an open page up to date; every page works without it.
"use strict";
(function () {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && document.cookie.indexOf("kalends_zone=") < 0) {
    document.cookie = "kalends_zone=" + encodeURIComponent(zone) + "; Path=/; SameSite=Lax; Max-Age=31536000";
  }

  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", function () {
      const text = document.getElementById(button.dataset.copy).textContent;
      if (navigator.clipboard) navigator.clipboard.writeText(text).then(function () { toast("Copied."); });
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

  function toast(sentence) {
    const line = document.createElement("p");
    line.textContent = sentence;
    document.getElementById("toasts").append(line);
    setTimeout(function () { line.remove(); }, 12000);
  }

  // Parts marked data-live are taken anew from the server whenever something happens.
  if (!document.querySelector("[data-live]") || !window.EventSource) return;
  let timer = 0;
  let isBusy = false;
  function refresh() {
    clearTimeout(timer);
    timer = setTimeout(function () {
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
          if (other && !isInUse && part.innerHTML !== other.innerHTML) part.replaceChildren(...other.childNodes);
        }
      }).catch(function () {}).finally(function () { isBusy = false; });
    }, 250);
  }
  const source = new EventSource("/api/v1/stream");
  for (const name of ["link", "run", "conflict", "event"]) source.addEventListener(name, refresh);
  source.addEventListener("toast", function (event) {
    toast(JSON.parse(event.data).message);
    refresh();
  });
  addEventListener("pagehide", function () { source.close(); });
})();
