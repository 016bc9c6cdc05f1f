// The map of one file of tiles, over land and borders; what is clicked, or chosen by Enter, is shown as a table.
//
// Everything it needs stands in data attributes, so that any page can have it and no page has a script of its own:
//
//   <div data-map data-tiles="…pmtiles" data-land="…pmtiles" data-maplibre="…maplibre-gl.mjs">
//     <div data-map-canvas>…shown without JavaScript…</div>
//     <p data-map-words role="status"></p>
//     <div data-map-found></div>
//   </div>
//
// `data-state` of the outer element becomes "ready" once everything in sight is drawn, or "failed" with words that say
// why. pmtiles.js has to be loaded before. Values of strangers become text nodes and nothing else.

const NEAR = matchMedia("(pointer: coarse)").matches ? 16 : 6; // pixels
const FARTHEST_FIRST_LOOK = 16; // zoom: one address alone would otherwise fill the window with nothing
const RANK = { Point: 0, MultiPoint: 0, LineString: 1, MultiLineString: 1, Polygon: 2, MultiPolygon: 2 };
const COLOURS = ["water", "land", "border", "row", "rim", "chosen"];
const NONE = ["boolean", false]; // the filter of what is chosen while nothing is
const INSET_ZOOM = 2.7; // a few thousand kilometres across
const INSET_FROM = 6; // zoom of the map: farther out it shows the coasts itself

const dark = matchMedia("(prefers-color-scheme: dark)");

for (const root of document.querySelectorAll("[data-map]")) {
  show(root).catch((error) => fail(root, error));
}

async function show(root) {
  if (!hasWebGL()) throw new Error("this browser has no WebGL, which maps are drawn with");
  root.dataset.state = "loading";
  say(root, "Loading the map…");
  const maplibre = await import(address(root.dataset.maplibre));
  const protocol = new globalThis.pmtiles.Protocol();
  maplibre.addProtocol("pmtiles", protocol.tile);
  const archive = new globalThis.pmtiles.PMTiles(address(root.dataset.tiles));
  protocol.add(archive);
  const [header, about] = await read(archive);
  draw(root, maplibre, header, about.vector_layers.map((layer) => layer.id));
}

async function read(archive) {
  try {
    return await Promise.all([archive.getHeader(), archive.getMetadata()]);
  } catch (error) {
    throw new Error(`its tiles cannot be read (${error.message})`);
  }
}

function draw(root, maplibre, header, names) {
  const place = root.querySelector("[data-map-canvas]");
  place.replaceChildren(mark("map-cross"));
  const map = new maplibre.Map({
    container: place,
    style: style(root, names),
    bounds: [header.minLon, header.minLat, header.maxLon, header.maxLat],
    fitBoundsOptions: { padding: 40, maxZoom: FARTHEST_FIRST_LOOK },
    maxZoom: 20,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    attributionControl: false, // the page names the publisher; a tile file cannot put markup here
    hash: true,
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new maplibre.NavigationControl({ showCompass: false }));
  map.addControl(new maplibre.ScaleControl());
  if (root.dataset.land) addInset(root, maplibre, map);
  map.once("load", () => addSwitches(root, map, names));
  map.once("idle", () => {
    if (root.dataset.state === "failed") return;
    root.dataset.state = "ready";
    say(root, "Choose something on the map: click it, or move with the arrow keys and press Enter.");
  });
  map.on("error", (event) => {
    if (event.sourceId === "rows") say(root, `Some tiles cannot be read (${event.error.message}).`);
  });
  map.on("click", (event) => inspect(root, map, event.point));
  map.on("mousemove", (event) => {
    map.getCanvas().style.cursor = near(map, event.point, NEAR).length ? "pointer" : "";
  });
  map.getCanvas().addEventListener("keydown", (event) => {
    if (event.key === "Enter") inspect(root, map, map.project(map.getCenter()), 3 * NEAR);
  });
  dark.addEventListener("change", () => repaint(root, map));
}

// What lies under a point, best first, each once: a feature that crosses tiles is in several of them.
function near(map, point, reach) {
  const box = [[point.x - reach, point.y - reach], [point.x + reach, point.y + reach]];
  // What was just hidden is still drawn until the next frame, and is not to be found.
  const shown = ({ id, layout }) => id.startsWith("rows ") && layout?.visibility !== "none";
  const layers = map.getStyle().layers.filter(shown).map((layer) => layer.id);
  const found = new Map();
  for (const feature of map.queryRenderedFeatures(box, { layers })) {
    const key = JSON.stringify([feature.sourceLayer, feature.properties]);
    if (!found.has(key)) found.set(key, feature);
  }
  const far = ({ geometry }) => {
    if (geometry.type !== "Point") return 0;
    const at = map.project(geometry.coordinates);
    return Math.hypot(at.x - point.x, at.y - point.y);
  };
  return [...found.values()].sort((a, b) => RANK[a.geometry.type] - RANK[b.geometry.type] || far(a) - far(b));
}

function inspect(root, map, point, reach = NEAR) {
  const found = near(map, point, reach);
  if (!found.length) {
    choose(map, null);
    root.querySelector("[data-map-found]").replaceChildren();
    say(root, "Nothing is there.");
    return;
  }
  tell(root, map, found, 0);
}

function tell(root, map, found, index) {
  choose(map, found[index]);
  const more = found.length > 1 ? ` (${index + 1} of ${found.length} here)` : "";
  say(root, `Chosen: one of ${found[index].sourceLayer}${more}`);
  const parts = [table(found[index])];
  if (found.length > 1) {
    const next = element("button", "Next one here");
    next.type = "button";
    next.addEventListener("click", () => {
      tell(root, map, found, (index + 1) % found.length);
      root.querySelector("[data-map-found] button").focus();
    });
    parts.unshift(next);
  }
  root.querySelector("[data-map-found]").replaceChildren(...parts);
}

function table(feature) {
  const found = element("table");
  found.append(element("caption", "What the file says"));
  const body = element("tbody");
  for (const [name, value] of Object.entries(feature.properties)) body.append(line(name, String(value)));
  if (feature.geometry.type === "Point") {
    const [lon, lat] = feature.geometry.coordinates;
    body.append(line("longitude, latitude", `${lon.toFixed(6)}, ${lat.toFixed(6)}`));
  }
  found.append(body);
  return found;
}

function line(name, value) {
  const row = element("tr");
  const head = element("th", name);
  head.scope = "row";
  const cell = element("td", value || "empty");
  if (!value) cell.className = "map-empty";
  row.append(head, cell);
  return row;
}

// By what it says, not by its shape: a line that crosses tiles is chosen in all of them.
function choose(map, feature) {
  const same = Object.entries(feature?.properties ?? {}).map(([name, value]) => ["==", ["get", name], value]);
  for (const { id, type, "source-layer": within } of map.getStyle().layers) {
    if (!id.startsWith("chosen ")) continue;
    const points = type === "circle" ? [["==", ["geometry-type"], "Point"]] : [];
    map.setFilter(id, feature?.sourceLayer === within ? ["all", ...same, ...points] : NONE);
  }
}

function style(root, names) {
  const { land, tiles } = root.dataset;
  const source = (relative) => ({ type: "vector", url: `pmtiles://${address(relative)}` });
  return {
    version: 8,
    sources: { ...(land && { land: source(land) }), ...(names.length && { rows: source(tiles) }) },
    layers: layers(colours(root), Boolean(land), names),
  };
}

function layers(colour, hasLand, names) {
  const below = [
    layer("land", "fill", "land", "land", null, { "fill-color": colour.land }),
    layer("border", "line", "land", "borders", null, { "line-color": colour.border, "line-width": 1.2 }),
  ];
  return [
    { id: "water", type: "background", paint: { "background-color": colour.water } },
    ...(hasLand ? below : []),
    ...names.flatMap((name) => rows(name, colour)),
    ...names.flatMap((name) => chosen(name, colour)),
  ];
}

function rows(name, colour) {
  const size = ["interpolate", ["linear"], ["zoom"], 4, 1.5, 10, 2.5, 14, 4.5, 18, 8];
  const width = ["interpolate", ["linear"], ["zoom"], 8, 0.6, 14, 1.5, 18, 4];
  return [
    layer(`rows fill ${name}`, "fill", "rows", name, ["==", ["geometry-type"], "Polygon"], {
      "fill-color": colour.row,
      "fill-opacity": 0.25,
    }),
    layer(`rows line ${name}`, "line", "rows", name, null, { "line-color": colour.row, "line-width": width }),
    layer(`rows point ${name}`, "circle", "rows", name, ["==", ["geometry-type"], "Point"], {
      "circle-color": colour.row,
      "circle-radius": size,
      "circle-stroke-color": colour.rim,
      "circle-stroke-width": ["interpolate", ["linear"], ["zoom"], 8, 0, 13, 1],
    }),
  ];
}

function chosen(name, colour) {
  return [
    layer(`chosen line ${name}`, "line", "rows", name, NONE, { "line-color": colour.chosen, "line-width": 4 }),
    layer(`chosen point ${name}`, "circle", "rows", name, NONE, {
      "circle-color": colour.chosen,
      "circle-radius": 9,
      "circle-stroke-color": colour.rim,
      "circle-stroke-width": 2,
    }),
  ];
}

function layer(id, type, source, within, filter, paint) {
  return { id, type, source, "source-layer": within, ...(filter && { filter }), paint };
}

// A box to tick for each layer, and for land, where the page has a place for them.
function addSwitches(root, map, names) {
  const place = root.querySelector("[data-map-switches]");
  if (!place) return;
  const within = (layer) => (layer.source === "land" ? "land and borders" : layer["source-layer"]);
  for (const name of [...names, ...(root.dataset.land ? ["land and borders"] : [])]) {
    const box = element("input");
    Object.assign(box, { type: "checkbox", checked: true });
    box.addEventListener("change", () => {
      for (const layer of map.getStyle().layers.filter((one) => within(one) === name)) {
        map.setLayoutProperty(layer.id, "visibility", box.checked ? "visible" : "none");
      }
    });
    const label = element("label");
    label.append(box, ` ${name}`);
    place.append(label);
  }
  place.hidden = false;
}

// Where on earth this is, for a map that is too near to show any coast.
function addInset(root, maplibre, map) {
  const place = mark("map-inset");
  map.getContainer().append(place);
  const inset = new maplibre.Map({
    container: place,
    style: style(root, []),
    center: map.getCenter(),
    zoom: INSET_ZOOM,
    interactive: false,
    attributionControl: false,
  });
  inset.getCanvas().tabIndex = -1;
  place.append(mark("map-here"));
  const follow = () => {
    place.hidden = map.getZoom() < INSET_FROM;
    inset.setCenter(map.getCenter());
  };
  follow();
  map.on("move", follow);
  dark.addEventListener("change", () => repaint(root, inset));
}

// The colours are those of the style sheet, which knows light and dark.
function colours(root) {
  const known = getComputedStyle(root);
  return Object.fromEntries(COLOURS.map((name) => [name, known.getPropertyValue(`--map-${name}`).trim()]));
}

function repaint(root, map) {
  const { layers: known } = map.getStyle();
  const names = known.filter((one) => one.id.startsWith("rows fill ")).map((one) => one["source-layer"]);
  const hasLand = known.some((one) => one.id === "land");
  for (const { id, paint } of layers(colours(root), hasLand, names)) {
    for (const [name, value] of Object.entries(paint)) map.setPaintProperty(id, name, value);
  }
}

function mark(name) {
  const made = element("div");
  made.className = name;
  made.setAttribute("aria-hidden", "true");
  return made;
}

function fail(root, error) {
  root.dataset.state = "failed";
  say(root, `There is no map: ${error?.message ?? error}.`);
}

function say(root, words) {
  root.querySelector("[data-map-words]").textContent = words;
}

function element(name, text = "") {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function address(relative) {
  return new URL(relative, document.baseURI).href;
}

function hasWebGL() {
  return Boolean(document.createElement("canvas").getContext("webgl2"));
}
