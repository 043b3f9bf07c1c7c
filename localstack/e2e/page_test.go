package e2e_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"lockstep/localstack/bundle"
	"lockstep/shared/need"
	"lockstep/shared/syncquery"
)

// stepTime is how long a step may take. Each has its own, so that a long test is not one
// that waits for ever.
const stepTime = 2 * time.Minute

// browser starts Chromium with a profile of its own. It outlives t.Context, which ends
// before the clean-up that still asks it something.
func browser(t testing.TB) context.Context {
	t.Helper()
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(need.Chromium(t)), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
	)
	ctx, cancel := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(1280, 900)))
	return ctx
}

// tab is a page that is open in Chromium, from a bundle beside it.
type tab struct {
	ctx    context.Context
	bundle *bundle.Bundle
}

// openPage opens the page with what the query of its address says, once it knows where
// the service is. The test fails if anything is complained of on the console; refusals
// of servers that are asked are no complaints, but the browser says them there too.
func openPage(t testing.TB, query string) tab {
	t.Helper()
	notWithURL(t)
	built(t, "web", "web/page.js")
	ctx := browser(t)
	b := startBundle(t, "memory")
	requireNoComplaints(t, ctx, b.PageURL)
	p := tab{ctx, b}
	p.open(t, b.PageURL+"/"+query)
	if !strings.Contains(query, "url=") {
		p.until(t, `document.querySelector('[name=url]').value === '`+b.LocksURL+`'`)
	}
	return p
}

func requireNoComplaints(t testing.TB, ctx context.Context, page string) {
	t.Helper()
	const last = "nothing was said after this"
	var complaints []string
	messages := chromedp.Console(ctx)
	drained := make(chan error, 1)
	go func() {
		for m, err := range messages {
			if err != nil || m.Text == last {
				drained <- err
				return
			}
			quiet := m.Type == "debug" || m.Type == "info" || m.Type == "log"
			if quiet || m.Source == "network" && !strings.HasPrefix(m.URL, page) {
				continue
			}
			complaints = append(complaints, m.String()+" "+m.URL)
		}
		drained <- errors.New("the browser is gone")
	}()
	t.Cleanup(func() {
		eval[bool](t, tab{ctx: ctx}, `console.debug('`+last+`') === undefined`)
		require.NoError(t, <-drained)
		require.Empty(t, complaints, "said on the console")
	})
}

func (p tab) open(t testing.TB, url string) { p.do(t, chromedp.Navigate(url)) }

func (p tab) do(t testing.TB, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, stepTime)
	defer cancel()
	require.NoError(t, chromedp.Do(ctx, steps...))
}

func (p tab) click(t testing.TB, selector string) {
	t.Helper()
	p.do(t, chromedp.Click(selector))
}

// eval returns what the expression comes to.
func eval[T any](t testing.TB, p tab, expression string) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, stepTime)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	require.NoError(t, err)
	return value
}

// until waits for the expression to be true.
func (p tab) until(t testing.TB, expression string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, stepTime)
	defer cancel()
	_, err := chromedp.Run(ctx, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(0)))
	require.NoError(t, err)
}

func (p tab) text(t testing.TB, selector string) string {
	t.Helper()
	return eval[string](t, p, `document.querySelector('`+selector+`').textContent`)
}

// set writes into a field of the form, as who types does.
func (p tab) set(t testing.TB, name, value string) {
	t.Helper()
	eval[bool](t, p, `(() => {
		const field = document.querySelector('[name=`+name+`]');
		field.value = '`+value+`';
		return field.dispatchEvent(new Event('input', { bubbles: true }));
	})()`)
}

// ended waits for the run's end, and returns what the page says then.
func (p tab) ended(t testing.TB) string {
	t.Helper()
	p.until(t, `!document.querySelector('#run').disabled && document.querySelector('#status').textContent !== ''`)
	return p.text(t, "#status")
}

// run presses the button, and returns what the page says at the end.
func (p tab) run(t testing.TB) string {
	t.Helper()
	p.click(t, "#run")
	return p.ended(t)
}

// table returns the cells of the table with the figures of the runs.
func (p tab) table(t testing.TB) [][]string {
	t.Helper()
	return eval[[][]string](t, p, `[...document.querySelectorAll('#rows tr')].map((row) => [...row.cells].map((cell) => cell.textContent))`)
}

// screenshot writes a picture of the page, whole or as it is in view, for people to
// look at.
func (p tab) screenshot(t testing.TB, name string, whole bool) {
	t.Helper()
	folder := os.Getenv("SCREENSHOTS")
	if folder == "" {
		return
	}
	take := chromedp.CaptureScreenshot()
	if whole {
		take = chromedp.FullScreenshot(100)
	}
	picture, err := chromedp.Run(p.ctx, take)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, name+".png"), picture, 0o600))
}

func requireNothingLocked(t *testing.T, base string) {
	t.Helper()
	require.False(t, anyLocked(t, base), "locks left")
}

func anyLocked(t *testing.T, base string) bool {
	t.Helper()
	return slices.ContainsFunc(registryOf(t, base), func(e syncquery.Endpoint) bool { return e.Locked })
}
