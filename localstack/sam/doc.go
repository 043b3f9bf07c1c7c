// Package sam runs every operation of the bundle as the SAM CLI runs it: one
// function of template.yaml in a container, on an event of testdata. Most of it is
// tests; `make test-sam` runs those that need the SAM CLI and Docker.
//
// DynamoDB Local listens on 127.0.0.1 alone, and no container can reach that:
// `--docker-network host` only keeps the SAM CLI from joining another network,
// the container stays in Docker's default one (seen in 1.170.0). So a tunnel leads
// there: a Unix socket beside the function, and the command tunnel in the container,
// which listens on the same address of 127.0.0.1 as DynamoDB Local does outside.
// Nothing listens on a network. It needs Docker on this very machine (Linux): a
// socket does not pass into a virtual machine.
package sam

// Where the tunnel and the function find each other, in the function's folder.
const (
	Function = "function" // the function's own bootstrap
	Socket   = "dynamodb" // leads to DynamoDB
)
