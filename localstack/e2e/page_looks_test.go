package e2e_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"lockstep/shared/need"
)

// look is a way in which a visitor sees the page.
type look struct {
	name          string
	width, height int64
	scheme        string
}

var looks = []look{{"light", 1280, 900, "light"}, {"dark", 1280, 900, "dark"}, {"phone", 360, 780, "light"}, {"phone-dark", 360, 780, "dark"}}

func (p tab) lookLike(t testing.TB, l look, features ...*emulation.MediaFeature) {
	t.Helper()
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: append(features, &emulation.MediaFeature{Name: "prefers-color-scheme", Value: l.scheme}),
	})
	require.NoError(t, err)
	p.do(t, chromedp.EmulateViewport(l.width, l.height))
}

// requireAccessible has axe-core look for what keeps people out.
func requireAccessible(t *testing.T, p tab, axe string) {
	t.Helper()
	_, err := chromedp.Run(p.ctx, chromedp.Evaluate[chromedp.Void](axe))
	require.NoError(t, err)
	require.Empty(t, eval[[]string](t, p, `axe.run().then(({ violations }) => violations.flatMap(({ id, help, nodes }) =>
		nodes.map((node) => id + ": " + help + ": " + node.html + " " + node.failureSummary)))`))
}

func requireNoSideways(t *testing.T, p tab) {
	t.Helper()
	require.LessOrEqual(t, eval[int](t, p, `document.documentElement.scrollWidth - document.documentElement.clientWidth`), 0, "it scrolls sideways")
}

// Everybody can use the page, before a run, with everything open, and after one, and
// nothing of it lies beyond a phone's edge.
func TestThePageIsForEverybody(t *testing.T) {
	p := openPage(t, "")
	source, err := os.ReadFile(need.File(t, "axe", filepath.Join("..", "..", "wasmclient", "web", "node_modules", "axe-core", "axe.min.js"), "`make web` installs it"))
	require.NoError(t, err)
	for _, l := range looks {
		t.Run(l.name, func(t *testing.T) {
			p.lookLike(t, l)
			p.open(t, p.bundle.PageURL)
			p.until(t, `document.querySelectorAll('.lane').length === 4`)
			requireNoSideways(t, p)
			requireAccessible(t, p, string(source))
			p.screenshot(t, l.name+"-first", false)
			p.click(t, "#run")
			p.until(t, `document.querySelector('#told').textContent.includes('group is through')`)
			p.screenshot(t, l.name+"-race", false)
			p.click(t, "#play")
			eval[bool](t, p, `scrollTo(0, 0) === undefined`)
			p.screenshot(t, l.name, true)
			eval[bool](t, p, `document.querySelectorAll('details').forEach((details) => { details.open = true; }) === undefined`)
			p.until(t, `document.querySelectorAll('#timeline-rows tr').length > 0 && document.querySelectorAll('#latency-rows tr').length > 0`)
			requireNoSideways(t, p)
			requireAccessible(t, p, string(source))
			p.click(t, "[name=where][value=url]")
			requireAccessible(t, p, string(source))
			requireNoSideways(t, p)
		})
	}
}

// Whoever wants less motion gets the result at once, and the replay on demand.
func TestThePageKeepsStillWhenAsked(t *testing.T) {
	p := openPage(t, "?queries=100&workers=10")
	p.lookLike(t, looks[0], &emulation.MediaFeature{Name: "prefers-reduced-motion", Value: "reduce"})
	require.Equal(t, everyQueryAnswered, p.run(t))
	require.Regexp(t, `^All are through: group after .*, cover after .*, baseline after .*, serial after `+p.text(t, "#clock")+`\.$`, p.text(t, "#told"))
	require.Equal(t, "paused", eval[string](t, p, `document.querySelector('#play').dataset.state`))
	p.click(t, "#play")
	require.Equal(t, "playing", eval[string](t, p, `document.querySelector('#play').dataset.state`))
}
