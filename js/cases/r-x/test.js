class Counted {
    constructor() {
        born(this);
        observer.register(this);
    }
}
const cache = new Map(); let made = 0;
function test(n) { for (let i = 0; i < n; i++) { const it = new Counted(); cache.set(`file ${++made}`, it); if (cache.size > 50) cache.delete(cache.keys().next().value); } }
main(test);
