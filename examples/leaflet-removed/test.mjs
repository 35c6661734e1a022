import L from 'leaflet';
import 'leaflet/dist/leaflet.css';

function show(place) {
  const element = document.createElement('div');
  element.style.height = '200px';
  document.body.append(element);
  const map = L.map(element).setView(place, 13);
  L.circleMarker(place).addTo(map);
  // It leaves a name in `window._leaflet_events`, with the value null.
  map.remove();
  element.remove();
}

export function test(n) {
  for (let i = 0; i < n; i++) show([51.5, -0.09]);
}
