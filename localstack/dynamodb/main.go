// Command dynamodb runs another command with a DynamoDB Local of its own:
//
//	dynamodb -lib build/dynamodb-local -- go test ./...
//
// It starts DynamoDB Local on a free port of 127.0.0.1, in memory, tells the
// command by AWS_ENDPOINT_URL_DYNAMODB where it is, and stops it when the command
// has ended. Where that variable is set already it just runs the command.
package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

//go:embed Loopback.java
var loopback []byte

func main() {
	lib := flag.String("lib", "build/dynamodb-local", "the folder with DynamoDB Local's jars")
	port := flag.Int("port", 0, "the port to use; 0 takes a free one")
	flag.Parse()
	code, err := run(*lib, *port, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "dynamodb:", err)
		os.Exit(1)
	}
	os.Exit(code)
}

func run(lib string, port int, command []string) (code int, err error) {
	if len(command) == 0 {
		return 0, errors.New("no command to run")
	}
	if os.Getenv("AWS_ENDPOINT_URL_DYNAMODB") != "" {
		return execute(command, nil)
	}
	address, stop, err := start(lib, port)
	if err != nil {
		return 0, err
	}
	defer stop()
	return execute(command, []string{
		"AWS_ENDPOINT_URL_DYNAMODB=http://" + address,
		"AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local",
	})
}

// start starts DynamoDB Local and returns its address once it answers.
func start(lib string, port int) (address string, stop func(), err error) {
	dir, err := os.MkdirTemp("", "lockstep-dynamodb-")
	if err != nil {
		return "", nil, err
	}
	remove := func() { _ = os.RemoveAll(dir) }
	source := filepath.Join(dir, "Loopback.java")
	if err := os.WriteFile(source, loopback, 0o600); err != nil {
		remove()
		return "", nil, err
	}
	ctx, kill := context.WithCancel(context.Background())
	java := exec.CommandContext(ctx, "java", fmt.Sprintf("-Dport=%d", port), "-Djava.library.path="+lib, "-cp", filepath.Join(lib, "*"), //nolint:gosec // our own flags
		source, "-inMemory", "-sharedDb", "-disableTelemetry")
	java.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the command; this one outlives it
	var complaints bytes.Buffer                            // shown only if it does not start: its libraries chatter
	java.Stderr = &complaints
	java.WaitDelay = time.Second
	out, err := java.StdoutPipe()
	if err == nil {
		err = java.Start()
	}
	if err != nil {
		kill()
		remove()
		return "", nil, fmt.Errorf("can't start DynamoDB Local: %w", err)
	}
	stop = func() {
		kill()
		_ = java.Wait() // killed, as it should be
		remove()
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if at, ok := strings.CutPrefix(lines.Text(), "listening on "); ok {
			go func() {
				for lines.Scan() { // nobody reads the rest; a full pipe would stop it
				}
			}()
			return "127.0.0.1:" + at, stop, nil
		}
	}
	stop()
	return "", nil, fmt.Errorf("DynamoDB Local did not start (are its jars in %s?)\n%s", lib, complaints.String())
}

// execute runs the command to its end and hands its signals on.
func execute(command, env []string) (code int, err error) {
	child := exec.CommandContext(context.Background(), command[0], command[1:]...) //nolint:gosec // running a command is what it is for
	child.Env = append(os.Environ(), env...)
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	if err := child.Start(); err != nil {
		return 0, err
	}
	go func() {
		for s := range signals {
			if s == syscall.SIGTERM { // a terminal's interrupt reaches the child by itself
				_ = child.Process.Signal(s)
			}
		}
	}()
	err = child.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			return 128 + int(status.Signal()), nil
		}
		return exit.ExitCode(), nil
	}
	return 0, err
}
