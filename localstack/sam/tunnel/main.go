// Command tunnel stands in for a function's bootstrap in `sam local invoke`: it
// makes DynamoDB answer in the container at AWS_ENDPOINT_URL_DYNAMODB, and runs the
// function. Why is said at package sam. It is never deployed.
package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"

	"lockstep/localstack/sam"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "tunnel:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	folder := filepath.Dir(self)
	endpoint, err := url.Parse(os.Getenv("AWS_ENDPOINT_URL_DYNAMODB"))
	if err != nil {
		return err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", endpoint.Host)
	if err != nil {
		return err
	}
	go sam.Forward(ctx, l, "unix", filepath.Join(folder, sam.Socket))

	function := exec.CommandContext(ctx, filepath.Join(folder, sam.Function)) //nolint:gosec // the function beside us
	function.Stdin, function.Stdout, function.Stderr = os.Stdin, os.Stdout, os.Stderr
	return function.Run()
}
