package e2e_test

import (
	"testing"
	"time"
)

// BenchmarkPage measures what a visitor sees: how long the page takes until its module
// is ready, how long the ladder takes, and how smoothly a run of 1,000 queries of 100
// workers is replayed.
func BenchmarkPage(b *testing.B) {
	p := openPage(b, "?strategy=baseline")
	for b.Loop() {
		ready := eval[float64](b, p, `new Promise((ready) => {
			const begin = performance.now();
			const worker = new Worker('worker.js', { type: 'module' });
			worker.onmessage = () => { ready(performance.now() - begin); worker.terminate(); };
		})`)
		loaded := eval[float64](b, p, `performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd`)
		bytes := eval[float64](b, p, `[...performance.getEntriesByType('resource'), ...performance.getEntriesByType('navigation')].reduce((sum, entry) => sum + entry.encodedBodySize, 0)`)
		p.open(b, p.bundle.PageURL)
		begin := time.Now()
		p.run(b)
		ladder := time.Since(begin)
		b.ReportMetric(loaded, "ms-page")
		b.ReportMetric(ready, "ms-module")
		b.ReportMetric(bytes/1e6, "MB-page")
		b.ReportMetric(ladder.Seconds(), "s-ladder")
		b.ReportMetric(frames(b, p), "frames/s-ladder")
		p.open(b, p.bundle.PageURL+"/?strategy=baseline")
		p.run(b)
		b.ReportMetric(frames(b, p), "frames/s-baseline")
	}
}

// frames returns how many frames a second a replay that has begun gets.
func frames(b *testing.B, p tab) float64 {
	b.Helper()
	p.until(b, `document.querySelector('#play').dataset.state === 'playing'`)
	return eval[float64](b, p, `new Promise((done) => {
		let frames = 0, first;
		requestAnimationFrame(function frame(now) {
			first ??= now;
			if (now - first > 4000 || document.querySelector('#play').dataset.state !== 'playing') done(frames / (now - first) * 1000);
			else { frames++; requestAnimationFrame(frame); }
		});
	})`)
}
