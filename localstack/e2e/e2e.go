// Package e2e holds the end-to-end tests: what a caller sees, on real sockets,
// whatever the server. They run against servers that they start, on both stores,
// or by -url against any that runs:
//
//	go test ./localstack/e2e -run TestOldAPI -url http://127.0.0.1:8081
package e2e
