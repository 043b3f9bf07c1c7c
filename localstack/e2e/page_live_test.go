package e2e_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"lockstep/wasmclient/oldserver"
)

// live is an address's query that asks the server, not the simulator.
func live(server, more string) string { return "?where=url&url=" + escaped(server) + more }

// From the page every query is answered, against our server and against an old one, and
// no lock is left.
func TestThePageAsksServers(t *testing.T) {
	p := openPage(t, "")
	old := startOld(t, oldserver.Options{CORS: true, ReadTime: 20 * time.Millisecond}).URL
	for _, c := range []struct{ name, server, strategy string }{
		{"our own, whole readings", p.bundle.LocksURL, "group"}, {"our own, the old API", p.bundle.LocksURL, "cover"},
		{"an old one, group", old, "group"}, {"an old one, baseline", old, "baseline"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p.open(t, p.bundle.PageURL+"/"+live(c.server, "&queries=30&workers=6&strategy="+c.strategy))
			require.Equal(t, everyQueryAnswered, p.run(t))
			rows := p.table(t)
			require.Len(t, rows, 1)
			require.Equal(t, []string{c.strategy, "30", "0"}, rows[0][:3])
			requireNothingLocked(t, c.server)
		})
	}
}

// The server beside the page is a click away.
func TestThePageKnowsItsServer(t *testing.T) {
	p := openPage(t, "")
	p.click(t, "#settings summary")
	p.click(t, "[data-scene=here]")
	require.Equal(t, "?where=url&url="+escaped(p.bundle.LocksURL)+"&strategy=group&queries=200&workers=20", eval[string](t, p, `location.search`))
	require.Equal(t, everyQueryAnswered, p.run(t))
	requireNothingLocked(t, p.bundle.LocksURL)
}

// Stopping in the middle of a run frees what is locked, and says so.
func TestThePageStopsCleanly(t *testing.T) {
	p := openPage(t, "")
	for name, server := range map[string]string{
		"our own": p.bundle.LocksURL, "an old one": startOld(t, oldserver.Options{CORS: true, ReadTime: 100 * time.Millisecond}).URL,
	} {
		t.Run(name, func(t *testing.T) {
			p.open(t, p.bundle.PageURL+"/"+live(server, "&strategy=cover&queries=1000&workers=20"))
			p.click(t, "#run")
			p.until(t, `document.querySelector('#progress').value > 0 && document.querySelector('#n-held').textContent !== '0'`)
			p.click(t, "#stop")
			require.Regexp(t, `^Stopped after \d+ of 1,000 queries; nothing is left locked\.$`, p.ended(t))
			requireNothingLocked(t, server)
		})
	}
}

// Where no server is, the page says so, and what to look for. Nothing looks as if it were
// of this run.
func TestThePageSaysThatNobodyAnswers(t *testing.T) {
	p := openPage(t, "?queries=50&workers=5")
	require.Equal(t, everyQueryAnswered, p.run(t))
	p.do(t, chromedp.Focus("#time"), chromedp.KeyEvent(kb.End))
	const over = `document.querySelectorAll('.lane[data-over=true]').length`
	require.Equal(t, 4, eval[int](t, p, over))
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close() // a port that Chromium does not refuse to try, and where nobody listens
	// By script, since the page still scrolls to the replay.
	eval[bool](t, p, `document.querySelector('[name=where][value=url]').click() === undefined`)
	p.set(t, "url", gone.URL)
	eval[bool](t, p, `document.querySelector('#run').click() === undefined`)
	status := p.ended(t)
	require.Contains(t, status, "No run at "+gone.URL+": ")
	require.Contains(t, status, "Is a server there, and does it let pages of other origins call it (CORS)?")
	require.True(t, eval[bool](t, p, `document.querySelector('#status').classList.contains('bad')`))
	require.Empty(t, p.text(t, "#told"))
	require.Zero(t, eval[int](t, p, over))
}

// An option that makes no sense is named at its field.
func TestThePageNamesTheField(t *testing.T) {
	p := openPage(t, live("ftp://127.0.0.1", "&strategy=group"))
	require.Contains(t, p.run(t), "url")
	require.Equal(t, "true", eval[string](t, p, `document.querySelector('[name=url]').getAttribute('aria-invalid')`))
	require.True(t, eval[bool](t, p, `document.querySelector('#settings').open`))
}

// timelineRows are the cells of the timeline's table, which is filled when it is opened.
const timelineRows = `(() => {
	const table = document.querySelector('#timeline-table');
	table.open = true;
	table.dispatchEvent(new Event('toggle'));
	return [...document.querySelectorAll('#timeline-rows tr')].map((row) => [...row.cells].map((cell) => cell.textContent));
})()`

// Against a server of ours, the page sees what others lock, and does not take its own
// locks for theirs.
func TestThePageShowsOthersLocks(t *testing.T) {
	p := openPage(t, "")
	lock := p.bundle.LocksURL + "/" + url.PathEscape("heron") + "/lock" // it serves nothing: no run needs it
	for _, strategy := range []string{"group", "cover"} {
		t.Run(strategy, func(t *testing.T) {
			p.open(t, p.bundle.PageURL+"/"+live(p.bundle.LocksURL, "&queries=5000&workers=4&strategy="+strategy))
			p.click(t, "#run")
			p.until(t, `document.querySelector('#progress').value > 0`)
			p.until(t, `document.querySelector('#n-held').textContent !== '0'`) // our own, also those of whole readings
			step := func(method string) {
				request, err := http.NewRequestWithContext(t.Context(), method, lock, nil)
				require.NoError(t, err)
				answer, err := http.DefaultClient.Do(request)
				require.NoError(t, err)
				require.NoError(t, answer.Body.Close())
				require.Equal(t, http.StatusOK, answer.StatusCode)
			}
			step(http.MethodPost)
			p.until(t, timelineRows+`.filter((row) => row[5] !== '0').map((row) => row[0] + row[5]).join() === 'heron1'`)
			require.Positive(t, eval[int](t, p, timelineRows+`.filter((row) => row[1] !== '0').length`), "our own")
			step(http.MethodDelete)
			p.click(t, "#stop")
			require.Regexp(t, `^Stopped after [\d,]+ of 5,000 queries; nothing is left locked\.$`, p.ended(t))
			require.Equal(t, "1", eval[string](t, p, timelineRows+`.find((row) => row[0] === 'heron')[5]`))
		})
	}
}

// A page that is closed in the middle of a run frees the locks of an old server that it
// holds. Nobody else would.
func TestClosingThePageFreesItsLocks(t *testing.T) {
	old := startOld(t, oldserver.Options{CORS: true, ReadTime: 20 * time.Second}).URL
	p := openPage(t, live(old, "&strategy=baseline&queries=5&workers=2&seed=3"))
	p.click(t, "#run")
	// Once it reads, it locks nothing more: what is called beyond the registry and the locks.
	p.until(t, `Number(document.querySelector('#n-calls').textContent) > Number(document.querySelector('#n-held').textContent) + 1`)
	require.True(t, anyLocked(t, old))
	p.do(t, chromedp.Navigate("about:blank"))
	require.Eventually(t, func() bool { return !anyLocked(t, old) }, 10*time.Second, 50*time.Millisecond)
}

// A server of ours frees by itself what it holds for a page that is gone.
func TestClosingThePageLeavesNoLease(t *testing.T) {
	p := openPage(t, "")
	p.open(t, p.bundle.PageURL+"/"+live(p.bundle.LocksURL, "&strategy=group&queries=1000&workers=5"))
	p.click(t, "#run")
	p.until(t, `document.querySelector('#progress').value > 10`)
	require.Eventually(t, func() bool { return anyLocked(t, p.bundle.LocksURL) }, 10*time.Second, 5*time.Millisecond)
	p.do(t, chromedp.Navigate("about:blank"))
	require.Eventually(t, func() bool { return !anyLocked(t, p.bundle.LocksURL) }, 10*time.Second, 50*time.Millisecond)
}
