// Command server serves the quotes of a file until its standard input ends. It prints its
// address. It is a process of its own, so that a test can say how much memory it takes.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"

	"lockstep/functions/compute/quote"
)

func main() {
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	if err := serve(ctx, os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func serve(ctx context.Context, file string) error {
	text, err := os.ReadFile(file) //nolint:gosec // the file that the test names
	if err != nil {
		return err
	}
	quotes, err := quote.Parse(text)
	if err != nil {
		return err
	}
	l, p, err := quote.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	return (&quote.Server{Quotes: quotes}).Serve(ctx, l, p)
}
