package bundle_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/localstack/bundle"
)

// start starts a bundle on free ports, whose page is what lies in the folder.
func start(t *testing.T, folder string) *bundle.Bundle {
	t.Helper()
	b, err := bundle.Start(t.Context(), bundle.Config{
		Host: "127.0.0.1", Store: "memory", Web: folder, TCPWorkers: 1, RPCWorkers: 1, ReadTime: time.Millisecond,
		ServerLog: filepath.Join(t.TempDir(), "server.log"), LoginStat: filepath.Join(t.TempDir(), "logins.json"),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Stop()) })
	return b
}

// folder holds a page: plain files, and compressed copies of the module.
func folder(t *testing.T) string {
	t.Helper()
	at := t.TempDir()
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, err := z.Write([]byte("module"))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	for name, content := range map[string][]byte{
		"index.html": []byte("<!doctype html>"), "page.js": []byte("1"), "style.css": []byte("a{}"), "icon.svg": []byte("<svg/>"), "config.json": []byte("{}"),
		"lockstep.wasm": []byte("module"), "lockstep.wasm.br": []byte("brotli's"), "lockstep.wasm.gz": zipped.Bytes(),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(at, name), content, 0o600))
	}
	require.NoError(t, os.Mkdir(filepath.Join(at, "sub"), 0o700))
	return at
}

// get asks for a path, without Go's own decompression.
func get(t *testing.T, url string, header http.Header) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	maps.Copy(request.Header, header)
	answer, err := (&http.Transport{DisableCompression: true, DisableKeepAlives: true}).RoundTrip(request)
	require.NoError(t, err)
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return answer, string(body)
}

// Each client gets the smallest copy that it takes, as what it is.
func TestThePageIsServedCompressed(t *testing.T) {
	t.Parallel()
	module := start(t, folder(t)).PageURL + "/lockstep.wasm"
	for header, want := range map[string]string{
		"gzip, deflate, br, zstd": "br", "BR;q=0.5, gzip;q=1": "br", "br;q=0, gzip": "gzip", "gzip;q=1.0": "gzip",
		"": "", "identity": "", "br;q=x": "", "brotli": "", "br;q=0": "",
	} {
		answer, body := get(t, module, http.Header{"Accept-Encoding": {header}})
		require.Equal(t, http.StatusOK, answer.StatusCode, header)
		require.Equal(t, want, answer.Header.Get("Content-Encoding"), header)
		require.Equal(t, "application/wasm", answer.Header.Get("Content-Type"), header)
		require.Equal(t, "Accept-Encoding", answer.Header.Get("Vary"), header)
		if want == "" {
			require.Equal(t, "module", body, header)
		}
	}
}

// An unchanged file isn't sent again; one encoding doesn't pass for another, nor what
// was built before for what is there now.
func TestThePageIsAskedForEachTime(t *testing.T) {
	t.Parallel()
	at := folder(t)
	module := start(t, at).PageURL + "/lockstep.wasm"
	tag := func(encoding string) string {
		answer, _ := get(t, module, http.Header{"Accept-Encoding": {encoding}})
		require.Equal(t, "no-cache", answer.Header.Get("Cache-Control"))
		return answer.Header.Get("ETag")
	}
	again := func(encoding, tag string) int {
		answer, _ := get(t, module, http.Header{"Accept-Encoding": {encoding}, "If-None-Match": {tag}})
		return answer.StatusCode
	}
	br := tag("br")
	require.NotEqual(t, br, tag("gzip"))
	require.Equal(t, http.StatusNotModified, again("br", br))
	require.Equal(t, http.StatusOK, again("gzip", br))
	require.NoError(t, os.WriteFile(filepath.Join(at, "lockstep.wasm.br"), []byte("another"), 0o600))
	require.Equal(t, http.StatusOK, again("br", br))
}

// Nothing but the files is served, each as what it is, under a strict policy.
func TestThePageServesItsFiles(t *testing.T) {
	t.Parallel()
	b := start(t, folder(t))
	for path, want := range map[string]string{
		"/": "text/html; charset=utf-8", "/index.html": "text/html; charset=utf-8", "/page.js": "text/javascript; charset=utf-8",
		"/style.css": "text/css; charset=utf-8", "/icon.svg": "image/svg+xml", "/config.json": "application/json",
	} {
		answer, _ := get(t, b.PageURL+path, nil)
		require.Equal(t, http.StatusOK, answer.StatusCode, path)
		require.Equal(t, want, answer.Header.Get("Content-Type"), path)
		require.Equal(t, "nosniff", answer.Header.Get("X-Content-Type-Options"), path)
		policy := answer.Header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "connect-src *", "frame-ancestors 'none'"} {
			require.Contains(t, policy, part, path)
		}
		require.NotContains(t, policy, "unsafe-inline", path)
	}
	for _, path := range []string{"/sub", "/sub/", "/none", "/%2e%2e%2fpage_test.go"} {
		answer, _ := get(t, b.PageURL+path, nil)
		require.Equal(t, http.StatusNotFound, answer.StatusCode, path)
	}
	_, body := get(t, b.PageURL+"/config.json", nil)
	var services map[string]string
	require.NoError(t, json.Unmarshal([]byte(body), &services))
	require.Equal(t, b.LocksURL, services["locks"], "not the file, which says nothing")
}
