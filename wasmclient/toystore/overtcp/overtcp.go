// Package overtcp speaks the toy store's line protocol.
package overtcp

import (
	"bufio"
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"lockstep/wasmclient/remote"
	"lockstep/wasmclient/toystore"
)

// Client has one connection, made for the first call and anew after a failure; calls
// take turns on it. Use New.
type Client struct {
	address string

	turn   chan struct{} // holds one token: who has it may use what follows
	conn   net.Conn
	reader *bufio.Reader
}

var _ toystore.Client = (*Client)(nil)

// longestAnswer is how much of an answer is read, in bytes.
const longestAnswer = 4096

// New returns a client of the server at address, host:port.
func New(address string) *Client {
	c := &Client{address: address, turn: make(chan struct{}, 1)}
	c.turn <- struct{}{}
	return c
}

// Query implements toystore.Client. The protocol tells no stock; of a toy that is out
// of stock it tells no price.
func (c *Client) Query(ctx context.Context, name string) (toystore.Toy, error) {
	answer, err := c.ask(ctx, "Query", name)
	if err != nil {
		return toystore.Toy{}, err
	}
	switch answer {
	case "-1":
		return toystore.Toy{}, toystore.ErrNoSuchToy
	case "0":
		return toystore.Toy{Name: name, Price: toystore.Untold}, nil
	}
	price, err := toystore.ParsePrice(answer)
	if err != nil {
		return toystore.Toy{}, c.unexpected(answer)
	}
	return toystore.Toy{Name: name, Price: price, Stock: toystore.Untold}, nil
}

// Buy implements toystore.Client. The protocol sells one toy at a time, and knows no
// idempotency keys.
func (c *Client) Buy(ctx context.Context, p toystore.Purchase) (toystore.Sale, error) {
	if p.Quantity != 1 || p.Key != "" {
		return toystore.Sale{}, &toystore.Error{Message: "over tcp one toy is bought at a time, without an idempotency key"}
	}
	answer, err := c.ask(ctx, "Buy", p.Toy)
	if err != nil {
		return toystore.Sale{}, err
	}
	switch answer {
	case "1":
		return toystore.Sale{Result: toystore.Bought, Stock: toystore.Untold}, nil
	case "0":
		return toystore.Sale{Result: toystore.OutOfStock, Stock: 0}, nil
	case "-1":
		return toystore.Sale{}, toystore.ErrNoSuchToy
	default:
		return toystore.Sale{}, c.unexpected(answer)
	}
}

// Close implements toystore.Client.
func (c *Client) Close() error {
	<-c.turn
	defer func() { c.turn <- struct{}{} }()
	return c.hangUp()
}

func (c *Client) unexpected(answer string) error {
	if says, is := strings.CutPrefix(answer, "error:"); is {
		return &toystore.Error{Message: c.address + " refuses: " + strings.TrimSpace(says)}
	}
	return toystore.Wrong(c.address, "%.40q", answer)
}

// ask sends one request and returns the answer without its end.
func (c *Client) ask(ctx context.Context, method, name string) (string, error) {
	if err := toystore.CheckName(name); err != nil { // a line break would be two requests
		return "", &toystore.Error{Message: err.Error()}
	}
	select {
	case <-c.turn:
		defer func() { c.turn <- struct{}{} }()
	case <-ctx.Done():
		return "", &toystore.Error{Message: context.Cause(ctx).Error(), Err: context.Cause(ctx)}
	}
	if err := c.connect(ctx); err != nil {
		return "", remote.Lost(ctx, c.address, err)
	}
	answer, err := c.exchange(ctx, method+": "+name+"\n")
	if err != nil {
		_ = c.hangUp() // a late answer would pass for that of the next request
		return "", remote.Lost(ctx, c.address, err)
	}
	return answer, nil
}

func (c *Client) connect(ctx context.Context) error {
	if c.conn != nil {
		return nil
	}
	conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", c.address)
	if err != nil {
		return err
	}
	c.conn, c.reader = conn, bufio.NewReaderSize(conn, longestAnswer)
	return nil
}

// exchange writes a request and reads a line. It hangs up if ctx ends meanwhile.
func (c *Client) exchange(ctx context.Context, request string) (string, error) {
	conn := c.conn
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(interrupted)
		_ = conn.SetDeadline(time.Unix(1, 0)) // long ago: what is under way ends at once
	})
	defer func() {
		if !stop() {
			<-interrupted
			_ = c.hangUp()
		}
	}()
	if _, err := conn.Write([]byte(request)); err != nil {
		return "", err
	}
	line, err := c.reader.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		err = errors.New("it does not end")
	}
	return strings.TrimRight(string(line), "\r\n"), err
}

func (c *Client) hangUp() error {
	if c.conn == nil {
		return nil
	}
	conn := c.conn
	c.conn, c.reader = nil, nil
	return conn.Close()
}
