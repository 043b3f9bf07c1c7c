package e2e_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

const everyQueryAnswered = "Done: every query was answered."

// A visitor opens the page, presses the button, and sees the strategies race: each
// answers everything, and each is faster than the one before.
func TestThePageRacesTheStrategies(t *testing.T) {
	p := openPage(t, "?queries=300&workers=30")
	require.Equal(t, "Race the four strategies", p.text(t, "#run-label"))
	require.Equal(t, everyQueryAnswered, p.run(t))
	p.until(t, `document.querySelector('#play').dataset.state === 'playing'`)
	requireLadder(t, p, "300")
	require.Equal(t, []string{"serial", "baseline", "cover", "group"}, eval[[]string](t, p, `[...document.querySelectorAll('#bars .who')].map((who) => who.textContent)`))
	steps := eval[[]string](t, p, `[...document.querySelectorAll('#bars .step')].map((step) => step.textContent)`)
	require.Len(t, steps, 3)
	for _, step := range steps {
		require.Regexp(t, `^[\d.,]+× as fast as the (first|step before, [\d.,]+× the first)$`, step)
	}
	for _, note := range eval[[]string](t, p, `[...document.querySelectorAll('#notes li')].map((note) => note.textContent)`) {
		require.Regexp(t, `^\w+: [\d,]+ events, hash [0-9a-f]+$`, note, "no locks left, no bad reads, no failures")
	}
	p.click(t, "#play")
	p.click(t, "[name=which][value=serial]")
	require.Equal(t, "serial", p.text(t, "#timeline-title span"))
	require.Contains(t, p.text(t, "#seen-text"), "all others wait")
}

// requireLadder holds the table against what it must say of each strategy.
func requireLadder(t *testing.T, p tab, queries string) {
	t.Helper()
	rows := p.table(t)
	require.Len(t, rows, 4)
	slower := 1e9
	for i, strategy := range []string{"serial", "baseline", "cover", "group"} {
		require.Len(t, rows[i], 11)
		require.Equal(t, []string{strategy, queries, "0"}, rows[i][:3])
		require.Regexp(t, `^\d+\.\d{3} s$`, rows[i][3])
		makespan, err := strconv.ParseFloat(strings.TrimSuffix(rows[i][3], " s"), 64)
		require.NoError(t, err)
		require.Less(t, makespan, slower, "%s is faster than the step before", strategy)
		slower = makespan
	}
}

// The slider over time shows the run as it was, by keyboard too.
func TestThePageReplaysByKeyboard(t *testing.T) {
	p := openPage(t, "?strategy=group&queries=200&workers=20&seed=7")
	require.Equal(t, everyQueryAnswered, p.run(t))
	answered := func() int {
		n, err := strconv.Atoi(p.text(t, "#n-answered"))
		require.NoError(t, err)
		return n
	}
	p.do(t, chromedp.Focus("#time"), chromedp.KeyEvent(kb.End))
	require.Equal(t, 200, answered())
	require.Equal(t, "0", p.text(t, "#n-held"))
	p.do(t, chromedp.KeyEvent(kb.Home))
	atOnce := answered() // queries for nothing are
	require.Equal(t, "0 s", p.text(t, "#clock"))
	require.Equal(t, "off", eval[string](t, p, `document.querySelector('#clock').ariaLive`), "no screen reader reads each frame out")
	for range 8 {
		p.do(t, chromedp.KeyEvent(kb.PageUp))
	}
	middle := answered()
	require.Greater(t, middle, atOnce)
	require.Less(t, atOnce, 20, "of the first of each worker")
	require.Less(t, middle, 200)
	p.do(t, chromedp.KeyEvent(kb.ArrowLeft), chromedp.KeyEvent(kb.ArrowRight))
	require.Equal(t, middle, answered(), "there and back")
	require.Contains(t, eval[string](t, p, `document.querySelector('#time').getAttribute('aria-valuetext')`), " of ")
	p.do(t, chromedp.Focus("#play"), chromedp.KeyEvent(kb.Enter))
	p.until(t, `document.querySelector('#n-answered').textContent === '200'`) // it plays to the end
	p.until(t, `document.querySelector('#play').dataset.state === 'paused'`)
}

// The timeline is zoomed and moved by keyboard, button and wheel, and tells of what is
// pointed at.
func TestThePageZooms(t *testing.T) {
	p := openPage(t, "?strategy=cover&queries=60&workers=10")
	require.Equal(t, everyQueryAnswered, p.run(t))
	p.do(t, chromedp.Focus("#time"), chromedp.KeyEvent(kb.End), chromedp.ScrollIntoView("#timeline"))
	picture := func() string {
		return eval[string](t, p, `document.querySelector('#timeline-canvas').toDataURL()`)
	}
	whole := picture()
	p.do(t, chromedp.Focus("#timeline"), chromedp.KeyEvent("+"))
	closer := picture()
	require.NotEqual(t, whole, closer)
	p.do(t, chromedp.KeyEvent(kb.ArrowRight))
	require.NotEqual(t, closer, picture(), "it moved")
	p.do(t, chromedp.KeyEvent("0"))
	require.Equal(t, whole, picture())
	p.click(t, "#zoom-in")
	require.NotEqual(t, whole, picture())
	p.click(t, "#zoom-all")
	require.Equal(t, whole, picture())
	wheel := func(control bool) {
		eval[bool](t, p, `document.querySelector('#timeline-canvas').dispatchEvent(new WheelEvent('wheel', { deltaY: -300, ctrlKey: `+strconv.FormatBool(control)+`, bubbles: true, cancelable: true }))`)
	}
	eval[bool](t, p, `document.activeElement.blur() === undefined`)
	wheel(false)
	require.Equal(t, whole, picture(), "the wheel alone scrolls the page")
	wheel(true)
	require.NotEqual(t, whole, picture())
	p.click(t, "#zoom-all")
	p.pinch(t, "#timeline-canvas")
	require.NotEqual(t, whole, picture(), "two fingers")
	p.click(t, "#zoom-all")
	require.Equal(t, whole, picture())
	tips := eval[[]string](t, p, `(() => {
		const canvas = document.querySelector('#timeline-canvas'), area = canvas.getBoundingClientRect();
		const tips = new Set();
		for (let y = 30; y < area.height; y += 6) for (let x = 100; x < area.width; x += 25) {
			canvas.dispatchEvent(new PointerEvent('pointermove', { clientX: area.left + x, clientY: area.top + y, bubbles: true }));
			tips.add(document.querySelector('[role=tooltip]').textContent);
		}
		return [...tips];
	})()`)
	all := strings.Join(tips, "\n\n")
	require.Regexp(t, `(?m)^beta · .*\nheld for \d+ ms\nreading \d+, which answered one query$`, all)
	require.Contains(t, all, "\nfree")
}

// pinch moves two fingers apart on an element.
func (p tab) pinch(t *testing.T, selector string) {
	t.Helper()
	area := eval[[]float64](t, p, `(() => { const { x, y, width, height } = document.querySelector('`+selector+`').getBoundingClientRect(); return [x + width / 2, y + Math.min(height / 2, 200)]; })()`)
	touch := func(kind input.DispatchTouchEventType, apart ...float64) {
		points := make([]*input.TouchPoint, len(apart))
		for i, from := range apart {
			id := float64(i)
			points[i] = &input.TouchPoint{X: area[0] + from, Y: area[1], ID: &id}
		}
		_, err := chromedp.Call(p.ctx, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: kind, TouchPoints: points})
		require.NoError(t, err)
	}
	touch(input.DispatchTouchEventTypeTouchStart, -20, 20)
	touch(input.DispatchTouchEventTypeTouchMove, -60, 60)
	touch(input.DispatchTouchEventTypeTouchMove, -150, 150)
	touch(input.DispatchTouchEventTypeTouchEnd)
}

// What is chosen is in the address, and an address chooses.
func TestThePageIsItsAddress(t *testing.T) {
	p := openPage(t, "?strategy=cover&seed=12&readTimeMs=50&where=nowhere&queries=many")
	field := func(name string) string {
		return eval[string](t, p, `document.querySelector('#form').elements['`+name+`'].value`)
	}
	require.Equal(t, []string{"cover", "12", "50", "simulator", "1000"}, []string{field("strategy"), field("seed"), field("readTimeMs"), field("where"), field("queries")}, "what makes no sense is as by default")
	require.Equal(t, "Run cover", p.text(t, "#run-label"))
	p.click(t, "#settings summary")
	p.click(t, "[data-scene=crowd]")
	p.set(t, "seed", "99")
	search := eval[string](t, p, `location.search`)
	require.Equal(t, "?strategy=group&queries=250&workers=25&clients=4&seed=99", search)
	require.Equal(t, "lockstep simulate --queries 250 --workers 25 --seed 99 --clients 4", p.text(t, "#command"))
	p.open(t, p.bundle.PageURL+"/"+search)
	require.Equal(t, []string{"group", "99", "250", "4"}, []string{field("strategy"), field("seed"), field("queries"), field("clients")})
	p.click(t, "#settings summary")
	p.click(t, "[name=where][value=url]")
	require.Equal(t, "?where=url&url="+escaped(p.bundle.LocksURL)+"&strategy=group&queries=250&workers=25&seed=99", eval[string](t, p, `location.search`), "without what has no effect there")
}

var escaped = strings.NewReplacer(":", "%3A", "/", "%2F").Replace

// A link to a simulation runs it; one to a server does not, since it would take locks
// for whoever made the link.
func TestAnAddressRunsOnlyTheSimulator(t *testing.T) {
	p := openPage(t, "?strategy=group&queries=50&workers=5&run")
	require.Equal(t, everyQueryAnswered, p.ended(t))
	p.open(t, p.bundle.PageURL+"/?where=url&url="+escaped(p.bundle.LocksURL)+"&strategy=group&run")
	p.until(t, `document.readyState === 'complete' && document.querySelector('#run-label').textContent === 'Run group'`)
	require.Empty(t, p.text(t, "#status"))
	require.False(t, eval[bool](t, p, `document.querySelector('#run').disabled`))
}

// A long simulation is stopped in its middle; what it came to is shown.
func TestThePageStopsASimulation(t *testing.T) {
	p := openPage(t, "?strategy=serial&queries=100000&workers=50")
	p.click(t, "#run")
	p.until(t, `document.querySelector('#progress').value > 0`)
	require.Equal(t, "stop", eval[string](t, p, `document.activeElement.id`), "the focus goes where one can go on")
	p.click(t, "#stop")
	require.Regexp(t, `^Stopped after [\d,]+ of 100,000 queries\.$`, p.ended(t))
	require.Equal(t, "run", eval[string](t, p, `document.activeElement.id`))
	rows := p.table(t)
	require.Len(t, rows, 1)
	require.NotEqual(t, "0", rows[0][2])
	p.set(t, "queries", "100")
	require.Equal(t, everyQueryAnswered, p.run(t), "the next run begins as ever")
}

// Faults are shown for what they are: failures with their first error, never a lock or
// a bad read that nobody knows of.
func TestThePageTellsOfFaults(t *testing.T) {
	p := openPage(t, "?strategy=group&queries=100&workers=20&clients=3&crash=34&errorRate=2&dropRate=1&seed=5")
	p.run(t)
	rows := p.table(t)
	require.Len(t, rows, 1)
	require.Equal(t, "300", rows[0][1])
	notes := strings.Join(eval[[]string](t, p, `[...document.querySelectorAll('#notes li')].map((note) => note.textContent)`), "\n")
	require.Contains(t, notes, " failed, the first: ")
	require.NotContains(t, notes, "reads without the lock")
}

// Whoever presses the button sees what keeps it from doing anything.
func TestThePageShowsTheFieldThatIsWrong(t *testing.T) {
	p := openPage(t, "?strategy=group&queries=0")
	require.False(t, eval[bool](t, p, `document.querySelector('#settings').open`))
	p.click(t, "#run")
	p.until(t, `document.querySelector('#settings').open && document.activeElement.name === 'queries'`)
	require.False(t, eval[bool](t, p, `document.querySelector('#run').disabled`))
	p.set(t, "queries", "50")
	require.Equal(t, everyQueryAnswered, p.run(t))
}
