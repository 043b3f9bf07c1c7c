package e2e_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"lockstep/localstack/bundle"
	"lockstep/shared/need"
	"lockstep/shared/syncquery"
)

// browser starts Chromium with a profile of its own.
func browser(t *testing.T) context.Context {
	t.Helper()
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(need.Chromium(t)), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
	)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// openPage opens the page, as a visitor does, once it knows where the service is.
func openPage(t *testing.T) (context.Context, *bundle.Bundle) {
	t.Helper()
	built(t, "web", "web/lockstep.wasm")
	ctx := browser(t)
	b := startBundle(t, "memory")
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(b.PageURL)))
	until[bool](t, ctx, `document.querySelector('[name=url]').value === '`+b.LocksURL+`'`)
	return ctx, b
}

// until waits for what the expression says to be true, and returns it.
func until[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	value, err := chromedp.Run(ctx, chromedp.Poll[T](expression, chromedp.WithPollingTimeout(0)))
	require.NoError(t, err)
	return value
}

// ended is what the page says once a run has ended.
const ended = `!document.querySelector('#run').disabled && document.querySelector('#status').textContent`

func requireNothingLocked(t *testing.T, b *bundle.Bundle) {
	t.Helper()
	require.False(t, slices.ContainsFunc(registryOf(t, b.LocksURL), func(e syncquery.Endpoint) bool { return e.Locked }), "locks left")
}

// Stopping in the middle of a run frees what is locked, and says so.
func TestThePageStopsCleanly(t *testing.T) {
	ctx, b := openPage(t)
	require.NoError(t, chromedp.Do(ctx, chromedp.Click("#run")))
	until[bool](t, ctx, `document.querySelector('#progress').value > 0`)
	require.NoError(t, chromedp.Do(ctx, chromedp.Click("#stop")))
	require.Regexp(t, `^Stopped after \d+ of 1000 queries; nothing is left locked\.$`, until[string](t, ctx, ended))
	requireNothingLocked(t, b)
}

// A visitor opens the page and presses the button.
func TestThePageRunsTheSimulation(t *testing.T) {
	ctx, b := openPage(t)
	require.NoError(t, chromedp.Do(ctx, chromedp.Click("#run")))
	status := until[string](t, ctx, ended)
	require.Equal(t, "Done: every query was answered.", status)
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`JSON.stringify(Object.fromEntries([...document.querySelectorAll('#rows tr')].map(r => [r.cells[0].textContent, r.cells[1].textContent])))`))
	require.NoError(t, err)
	rows := map[string]string{}
	require.NoError(t, json.Unmarshal([]byte(text), &rows))
	if folder := os.Getenv("SCREENSHOTS"); folder != "" {
		picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(folder, "page.png"), picture, 0o600))
	}
	require.Equal(t, "1000", rows["Queries"])
	require.Equal(t, "0", rows["Failed"])
	requireNothingLocked(t, b)
}
