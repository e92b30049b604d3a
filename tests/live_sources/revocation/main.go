// A server or a client that checks a revocation list: main server|client CERTS PORT
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
)

var certs = os.Args[2]

func read(name string) []byte {
	data, err := os.ReadFile(filepath.Join(certs, name))
	if err != nil {
		panic(err)
	}
	return data
}

func notRevoked(_ [][]byte, chains [][]*x509.Certificate) error {
	block, _ := pem.Decode(read("ca-crl.pem"))
	list, err := x509.ParseRevocationList(block.Bytes)
	if err != nil {
		return err
	}
	for _, chain := range chains {
		leaf, issuer := chain[0], chain[1]
		if !bytes.Equal(list.RawIssuer, issuer.RawSubject) {
			continue
		}
		if err := list.CheckSignatureFrom(issuer); err != nil {
			return err
		}
		for _, entry := range list.RevokedCertificates {
			if entry.SerialNumber.Cmp(leaf.SerialNumber) == 0 {
				return errors.New("certificate revoked")
			}
		}
	}
	return nil
}

func main() {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(read("ca-cert.pem"))
	if os.Args[1] == "client" {
		config := &tls.Config{RootCAs: pool, VerifyPeerCertificate: notRevoked}
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
		answer, err := client.Get("https://127.0.0.1:" + os.Args[3] + "/")
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(answer.Status)
		return
	}
	config := &tls.Config{ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, VerifyPeerCertificate: notRevoked}
	http.HandleFunc("/", func(http.ResponseWriter, *http.Request) {})
	server := &http.Server{Addr: "127.0.0.1:" + os.Args[3], TLSConfig: config}
	fmt.Println(server.ListenAndServeTLS(filepath.Join(certs, "api-cert.pem"), filepath.Join(certs, "api-key.pem")))
}
