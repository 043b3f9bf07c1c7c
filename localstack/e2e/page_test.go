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

// A visitor opens the page and presses the button.
func TestThePageRunsTheSimulation(t *testing.T) {
	built(t, "web", "web/lockstep.wasm")
	ctx := browser(t)
	b := startBundle(t, "memory")
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(b.PageURL)))
	_, err := chromedp.Run(ctx, chromedp.Poll[bool](`document.querySelector('[name=url]').value === '`+b.LocksURL+`'`))
	require.NoError(t, err)
	require.NoError(t, chromedp.Do(ctx, chromedp.Click("#run")))
	status, err := chromedp.Run(ctx, chromedp.Poll[string](`!document.querySelector('#run').disabled && document.querySelector('#status').textContent`, chromedp.WithPollingTimeout(0)))
	require.NoError(t, err)
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
	require.False(t, slices.ContainsFunc(registryOf(t, b.LocksURL), func(e syncquery.Endpoint) bool { return e.Locked }), "locks left")
}
