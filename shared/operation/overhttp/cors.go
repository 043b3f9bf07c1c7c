package overhttp

import "net/http"

// The headers that a page may send, by contract, and those of Connect and gRPC-Web; and
// those that it may read.
const (
	corsHeaders = "Lease, Fencing-Token, X-Client, X-Operator, Content-Type, Idempotency-Key, " +
		"Connect-Protocol-Version, Connect-Timeout-Ms, Grpc-Timeout, X-Grpc-Web, X-User-Agent"
	corsExposed = "Link, Retry-After, Grpc-Status, Grpc-Message, Grpc-Status-Details-Bin"
)

// cors lets a page of any origin call the handler, and answers its preflights. A
// browser asks once an hour, not before every call.
func cors(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Expose-Headers", corsExposed)
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE")
			h.Set("Access-Control-Allow-Headers", corsHeaders)
			h.Set("Access-Control-Max-Age", "3600")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}
