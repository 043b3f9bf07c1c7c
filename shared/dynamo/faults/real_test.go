package faults_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"

	"lockstep/shared/dynamo/faults"
)

// chain is the types of an error and of those that it wraps.
func chain(err error) []string {
	var all []string
	for ; err != nil; err = errors.Unwrap(err) {
		all = append(all, fmt.Sprintf("%T", err))
	}
	return all
}

// The faults of a connection are as those of a real one.
func TestAConnectionFailsAsARealOneDoes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault faults.Fault
		serve func(net.Conn) // once the request is there; nil if nobody listens
	}{
		"Unsent": {faults.Unsent, nil},
		"Lost": {faults.Lost, func(conn net.Conn) {
			_ = conn.(*net.TCPConn).SetLinger(0) // a reset, not an orderly end
		}},
		"BrokenOff": {faults.BrokenOff, func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: 2\r\n\r\n{")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := listen(t, c.serve)
			_, want := dynamodb.New(dynamodb.Options{
				Region: "us-east-1", Credentials: aws.AnonymousCredentials{}, BaseEndpoint: aws.String("http://" + server),
				HTTPClient: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
			}, once).UpdateItem(t.Context(), counter{key: newKey()}.increment())
			require.Error(t, want)
			_, got := new(stub).with(faults.Nth("UpdateItem", 1, c.fault)).UpdateItem(t.Context(), counter{key: newKey()}.increment())
			require.Equal(t, chain(want), chain(got), "%v, %v", want, got)
		})
	}
}

// listen returns the address of a server that reads one request.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	if serve == nil {
		require.NoError(t, listener.Close())
		return listener.Addr().String()
	}
	done := make(chan struct{})
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
	go func() {
		defer close(done)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		if request, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			_, _ = io.Copy(io.Discard, request.Body)
		}
		serve(conn)
		_ = conn.Close()
	}()
	return listener.Addr().String()
}
