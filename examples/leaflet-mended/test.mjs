import L from 'leaflet';
import 'leaflet/dist/leaflet.css';

function show(place) {
  const element = document.createElement('div');
  element.style.height = '200px';
  document.body.append(element);
  // Only what follows the size of the window has a listener there.
  const map = L.map(element, { trackResize: false }).setView(place, 13);
  L.circleMarker(place).addTo(map);
  map.remove();
  element.remove();
}

export function test(n) {
  for (let i = 0; i < n; i++) show([51.5, -0.09]);
}
