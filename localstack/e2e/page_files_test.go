package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	downloads "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// What is taken along is what was seen.
func TestThePageGivesFiles(t *testing.T) {
	p := openPage(t, "?strategy=group&queries=50&workers=5")
	folder := t.TempDir()
	_, err := chromedp.CallBrowser(p.ctx, downloads.SetDownloadBehavior, downloads.SetDownloadBehaviorParams{Behavior: downloads.SetDownloadBehaviorBehaviorAllow, DownloadPath: folder})
	require.NoError(t, err)
	require.Equal(t, everyQueryAnswered, p.run(t))
	take := func(file, name string) (content string) {
		p.click(t, "[data-file="+file+"]")
		path := filepath.Join(folder, name) // Chromium gives it its name when it is whole
		require.Eventually(t, func() bool {
			bytes, err := os.ReadFile(path)
			content = string(bytes)
			return err == nil
		}, 20*time.Second, 20*time.Millisecond)
		return content
	}
	require.Regexp(t, `^strategy,queries,failed,makespan,min,mean,p50,p99,max,calls/query,locks/query\r\ngroup,50,0,[\d.,]+\r\n$`, take("table", "lockstep.csv"))
	require.Regexp(t, `^strategy,query,start_s,latency_s,outcome\r\n(group,\d+,[\d.]+,[\d.]+,answered\r\n){50}$`, take("queries", "lockstep-queries.csv"))
	require.Contains(t, take("json", "lockstep.json"), `"makespan_s"`)
	require.True(t, strings.HasPrefix(take("png", "lockstep-group.png"), "\x89PNG\r\n"))
	p.click(t, "[data-file=link]")
	p.until(t, `document.querySelector('#copied').textContent !== ''`)
}
