// Package e2e holds the end-to-end tests: what a caller sees, on real sockets,
// whatever the server. They run against servers that they start, on both stores,
// or against any that runs, whose base URLs are all that they are told:
//
//	go test ./localstack/e2e -url http://127.0.0.1:8081
//
// `make test-localstack` does so with a stack on LocalStack. On AWS, where operators
// must sign even if the stack is Public:
//
//	go test ./localstack/e2e -sign -url https://... -watch-url https://... -queries 100
package e2e
