package bundle

import (
	"encoding/json"
	"net/http"
)

// The page loads nothing from elsewhere, but may call any server that the visitor
// names; 'wasm-unsafe-eval' lets it compile its module.
const contentSecurityPolicy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src *; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// page serves the files of the folder, and in config.json where the services are.
func page(folder string, services map[string]string) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServer(http.Dir(folder)))
	mux.HandleFunc("GET /config.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(services) // the caller may be gone
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentSecurityPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-cache")
		mux.ServeHTTP(w, r)
	})
}
