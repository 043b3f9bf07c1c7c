package bundle

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"
)

// The page loads nothing from elsewhere, but may call any server that the visitor
// names; 'wasm-unsafe-eval' lets it compile its module. What it says of itself in its
// <meta>, for other hosts, is the same but for the frame.
const contentSecurityPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; img-src 'self' blob:; " +
	"connect-src *; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// page serves the files of the folder, and in config.json where the services are.
func page(folder string, services map[string]string) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /", files{os.DirFS(folder)})
	mux.HandleFunc("GET /config.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(services) // the caller may be gone
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentSecurityPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-cache") // ask each time; the ETag spares the answer
		mux.ServeHTTP(w, r)
	})
}

// files serves a folder's files, compressed where a compressed copy lies beside one and
// the client takes it.
type files struct{ fs.FS }

// encodings are those of the copies, by their endings, the smallest first.
var encodings = []struct{ name, ending string }{{"br", ".br"}, {"gzip", ".gz"}, {"identity", ""}}

func (f files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	if name == "" {
		name = "index.html"
	}
	w.Header().Set("Vary", "Accept-Encoding")
	for _, encoding := range encodings {
		if encoding.ending != "" && !accepts(r.Header.Values("Accept-Encoding"), encoding.name) {
			continue
		}
		if file, err := f.Open(name + encoding.ending); err == nil {
			defer func() { _ = file.Close() }() // it was only read
			serve(w, r, name, encoding.name, file)
			return
		}
	}
	http.NotFound(w, r)
}

// serve answers with the file, which holds what is called name in the encoding.
func serve(w http.ResponseWriter, r *http.Request, name, encoding string, file fs.File) {
	content, ok := file.(io.ReadSeeker)
	info, err := file.Stat()
	if !ok || err != nil || info.IsDir() {
		http.NotFound(w, r)
		return
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, content); err != nil {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("ETag", fmt.Sprintf(`"%x"`, sum.Sum(nil)[:16]))
	h.Set("Content-Type", cmp.Or(contentTypes[path.Ext(name)], "application/octet-stream"))
	if encoding != "identity" {
		h.Set("Content-Encoding", encoding)
	}
	http.ServeContent(w, r, name, info.ModTime(), content) // it seeks to the beginning
}

// contentTypes are of the files that a page has. They don't depend on what the machine
// knows: a browser compiles while it loads only what is application/wasm.
var contentTypes = map[string]string{
	".css":  "text/css; charset=utf-8",
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
	".txt":  "text/plain; charset=utf-8",
	".wasm": "application/wasm",
}

// accepts says whether the header Accept-Encoding names the encoding, with a weight
// other than 0.
func accepts(header []string, encoding string) bool {
	for part := range strings.SplitSeq(strings.Join(header, ","), ",") {
		name, weight, weighted := strings.Cut(strings.TrimSpace(part), ";")
		if !strings.EqualFold(strings.TrimSpace(name), encoding) {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(weight), "q="), 64)
		return !weighted || err == nil && q > 0
	}
	return false
}
