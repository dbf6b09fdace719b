/**
 * What a phone tells its person, in Portuguese. The English file has the same keys and parameters, which the
 * compiler checks: see `texts.ts`. Parameters are safe to show.
 */
export const TEXTS_PT = {
  /** For numbers (BCP 47). */
  locale: "pt-BR",

  // The prompt
  prompt: "sala",
  askPassword: "senha da sala: ",
  promptForAnotherName: "outro nome",

  // The line above the prompt
  microphone: "mic",
  speaker: "alto-falante",
  muted: "[mudo]",

  /** Stands where lines had to be left out, because what they are written to takes no more. */
  leftOut: (lines: number) => `… ${lines} linhas omitidas: a tela não acompanha.`,

  // Registry
  registered: (name: string, endpoint: string) => `Você está na sala como ${name} e atende em ${endpoint}.`,
  nameTaken: (name: string) => `O nome “${name}” já está em uso na sala. Escolha outro.`,
  registrationRefused: (reason: string) => `O registro não aceitou a entrada: ${reason}.`,
  registryUnreachable: (endpoint: string, detail: string) =>
    `Não foi possível falar com o registro em ${endpoint} (${detail}). ` +
    "Verifique o endereço e se o registro está aberto.",
  registryLost:
    "A conexão com o registro caiu. O telefone tenta voltar sozinho; uma ligação em curso continua.",
  registryBack: (name: string) => `O registro voltou, e você está de novo na sala como ${name}.`,
  registryAway:
    "O registro está fora do ar, então não há como consultar nem ligar. O telefone avisa quando ele voltar.",
  registryFull: "A sala está cheia: o registro não aceita mais ninguém agora. Tente mais tarde.",
  passwordNeeded:
    "Esta sala pede uma senha. Use --room-password-file, --room-password ou SALA_ROOM_PASSWORD.",
  passwordWrong: "A senha da sala não confere. Peça a certa a quem abriu o registro.",
  person: (name: string, endpoint: string) => `${name} atende em ${endpoint}.`,
  unknownPerson: (name: string) =>
    `Não há ninguém chamado “${name}” na sala. Digite “lista” para ver quem está.`,
  people: (count: number) => count === 1 ? "Há uma pessoa na sala:" : `Há ${count} pessoas na sala:`,
  nobody: "Não há ninguém na sala.",
  personColumns: { name: "nome", ip: "endereço IP", port: "porta" },
  onlyLocal: (ip: string) =>
    `O endereço ${ip} só vale nesta máquina: telefones de outras máquinas não podem ligar para você. ` +
    "Para que possam, chame o registro pelo endereço dele na rede ou use --ip.",

  // Calls
  inviting: (name: string, endpoint: string) => `Chamando ${name} em ${endpoint}… (“desligar” desiste)`,
  ringing: (name: string) => `O telefone de ${name} está tocando.`,
  invitation: (name: string, endpoint: string) =>
    `${name} (${endpoint}) está ligando para você: digite “aceitar” ou “recusar”.`,
  busyRejected: (name: string) => `${name} ligou agora e ouviu que você está ocupado.`,
  rejected: (name: string, reason: string) => `${name}: usuário destino ocupado (${reason})`,
  reasons: {
    ocupado: "já está em outra ligação",
    recusado: "recusou a ligação",
    sem_resposta: "não respondeu",
    sem_cifra: "só aceita chamadas cifradas",
  },
  unencryptedRejected: (name: string) =>
    `${name} ligou sem cifra e ouviu que este telefone só aceita chamadas cifradas.`,
  notEncrypted: (name: string) =>
    `A chamada para ${name} foi desfeita: o telefone de lá não a cifra, e --require-encryption exige isso.`,
  noAnswer: (name: string) => `${name} não respondeu. Tente de novo mais tarde.`,
  invitationCancelled: (name: string) => `Você desistiu de ligar para ${name}.`,
  invitationWithdrawn: (name: string) => `${name} desistiu da ligação.`,
  invitationMissed: (name: string) => `Ligação perdida de ${name}. Para retornar, digite “ligar ${name}”.`,
  invitationRefused: (name: string) => `Você recusou a ligação de ${name}.`,
  invitationsCrossed: (name: string) =>
    `Você e ${name} ligaram um para o outro ao mesmo tempo: é uma ligação só.`,
  callStarted: (name: string, endpoint: string) =>
    `Em ligação com ${name} (${endpoint}). Pode falar; “desligar” encerra.`,
  callEncrypted: (code: string) => `Chamada cifrada; código ${code}: leiam-no em voz alta um ao outro.`,
  callInTheClear: "Chamada sem cifra: quem tem acesso à rede pode ouvi-la.",
  code: (code: string) => `cifra ${code}`,
  inTheClear: "[sem cifra]",
  keyLogFailed: (path: string, detail: string) =>
    `As chaves não puderam ser escritas em “${path}” (${detail}). A chamada continua.`,
  peerSilent: (name: string, seconds: number) =>
    `Nada chega de ${name} há ${seconds} s. A ligação espera mais um pouco antes de cair.`,
  peerBack: (name: string) => `A voz de ${name} voltou.`,
  flooded: (datagrams: string) =>
    `Alguém está inundando este telefone: pelo menos ${datagrams} datagramas sem sentido foram ignorados. Ele segue funcionando.`,
  ends: {
    hung_up: (name: string, duration: string) =>
      `Você encerrou a ligação com ${name}, que durou ${duration}.`,
    peer_hung_up: (name: string, duration: string) => `${name} encerrou a ligação, que durou ${duration}.`,
    peer_lost: (name: string, duration: string) =>
      `A ligação com ${name} caiu depois de ${duration}, porque nada mais chegava de lá. Para retomar, ligue de novo.`,
  },
  figures: (sent: string, played: string, rebuilt: string, concealed: string, late: string) =>
    `Voz: ${sent} pacotes enviados; ${played} tocados, ${rebuilt} refeitos, ${concealed} encobertos, ${late} atrasados.`,
  network: (lossIn: string, lossOut: string, jitter: string, roundTrip: string, mos: string) =>
    `Rede: perda de ${lossIn} % na vinda e ${lossOut} % na ida, variação de ${jitter} ms, ` +
    `ida e volta em ${roundTrip} ms; qualidade estimada ${mos} (de 1 a 4,5).`,
  quality: (mos: string, roundTrip: string) => `qualidade ${mos}, ida e volta ${roundTrip} ms`,

  // Sound
  nowMuted: "Microfone mudo: ninguém ouve você. Para voltar a falar, digite “mudo” de novo.",
  nowUnmuted: "Microfone ligado de novo.",
  audio: {
    /** What is different when microphone and speaker fail for the same reason. */
    both: {
      no_library: (subject: string) =>
        `Sem a biblioteca PortAudio (${subject}) não há microfone nem alto-falante. ` +
        "Instale-a (no Debian e no Ubuntu: libportaudio2).",
      no_default_device:
        "Não há microfone nem alto-falante. Conecte-os ou use arquivos com --mic e --speaker.",
      device_failed: (subject: string, detail: string) =>
        `O som (${subject}) falhou (${detail}). Veja se os dispositivos estão conectados e livres.`,
      goesOn: "As ligações continuam, sem som.",
    },
    microphone: {
      no_library: (subject: string) =>
        `Sem a biblioteca PortAudio (${subject}) não há microfone. Instale-a (no Debian e no Ubuntu: libportaudio2).`,
      no_device: (subject: string) => `Não há microfone “${subject}”. Veja os que há com --devices.`,
      no_default_device: "Não há nenhum microfone. Conecte um ou use um arquivo com --mic.",
      device_failed: (subject: string, detail: string) =>
        `O microfone “${subject}” falhou (${detail}). Veja se ele está conectado e livre.`,
      file_failed: (subject: string, detail: string) =>
        `O arquivo “${subject}” não pôde ser lido (${detail}). Verifique o nome e as permissões.`,
      bad_file: (subject: string, detail: string) =>
        `O arquivo “${subject}” não serve de microfone (${detail}). Use um WAV sem compressão.`,
      goesOn: "As ligações seguem sem o seu som: o outro lado não ouve você.",
    },
    speaker: {
      no_library: (subject: string) =>
        `Sem a biblioteca PortAudio (${subject}) não há alto-falante. Instale-a (no Debian e no Ubuntu: libportaudio2).`,
      no_device: (subject: string) => `Não há alto-falante “${subject}”. Veja os que há com --devices.`,
      no_default_device: "Não há nenhum alto-falante. Conecte um ou grave em um arquivo com --speaker.",
      device_failed: (subject: string, detail: string) =>
        `O alto-falante “${subject}” falhou (${detail}). Veja se ele está conectado e livre.`,
      file_failed: (subject: string, detail: string) =>
        `O arquivo “${subject}” não pôde ser gravado (${detail}). Verifique a pasta, as permissões e o espaço em disco.`,
      bad_file: (subject: string, detail: string) =>
        `O arquivo “${subject}” não serve de alto-falante (${detail}). Use um nome que termine em .wav.`,
      goesOn: "As ligações seguem sem som deste lado: você não ouve o outro.",
    },
  },
  audioLost: {
    both: (names: string) =>
      `O microfone e o alto-falante (${names}) sumiram. A ligação continua, sem som; assim que voltarem, são usados de novo.`,
    microphone: (name: string) =>
      `O microfone ${name} sumiu. A ligação continua, e o outro lado não ouve você; assim que ele voltar, é usado de novo.`,
    speaker: (name: string) =>
      `O alto-falante ${name} sumiu. A ligação continua, e você não ouve o outro lado; assim que ele voltar, é usado de novo.`,
  },
  audioBack: {
    both: (names: string) => `O microfone e o alto-falante (${names}) voltaram e estão em uso.`,
    microphone: (name: string) => `O microfone ${name} voltou e está em uso.`,
    speaker: (name: string) => `O alto-falante ${name} voltou e está em uso.`,
  },
  devices: "Dispositivos de som:",
  noDevices: "Não há nenhum dispositivo de som.",
  deviceColumns: {
    index: "nº",
    name: "nome",
    host: "sistema",
    inputs: "entradas",
    outputs: "saídas",
    standard: "padrão",
  },
  defaultInput: "microfone",
  defaultOutput: "alto-falante",

  // Commands
  unknownCommand: (text: string) => `O comando “${text}” não existe. Digite “ajuda” para ver os que há.`,
  nameMissing: (command: string) => `Falta o nome. Digite “${command} NOME”.`,
  badName: (name: string) =>
    `“${name}” não pode ser nome de ninguém. Use de 1 a 32 caracteres visíveis, sem caracteres de controle.`,
  notInCall: "Você não está em ligação.",
  nothingToAnswer: "Ninguém está ligando para você.",
  alreadyInCall: (name: string) =>
    `Você já está com ${name}. Digite “desligar” antes de ligar para outra pessoa.`,
  callingOneself: "Este é o seu próprio nome. Ligue para outra pessoa; “lista” mostra quem está na sala.",
  otherIpVersion: (name: string, ip: string) =>
    `${name} está em ${ip}, e este telefone usa a outra versão do IP. Entrem os dois na sala por IPv4 ou os dois por IPv6.`,
  portInUse: (port: number) =>
    `A porta UDP ${port} já está em uso nesta máquina. Escolha outra ou 0 para uma livre qualquer.`,
  failed: (detail: string) => `Algo inesperado aconteceu: ${detail}.`,
  closed: "Até logo!",
  commandsTitle: "Comandos:",
  commands: {
    call: "liga para a pessoa",
    accept: "aceita a ligação que está tocando",
    reject: "recusa a ligação que está tocando",
    hang_up: "encerra a ligação, ou desiste dela",
    look_up: "pergunta ao registro onde a pessoa atende",
    list: "mostra quem está na sala",
    mute: "emudece o microfone, ou volta atrás",
    help: "mostra esta ajuda",
    quit: "sai da sala",
  },
  commandsHint:
    "Também servem as formas de uma letra e as palavras em inglês; Tab completa comandos e nomes.",

  /** Causes of failures by the English words of the code or the system; others are shown as they are. */
  details: {
    "connection refused": "conexão recusada",
    "timed out": "tempo esgotado sem resposta",
    "host name not found": "não há máquina com esse nome",
    "connection closed": "a conexão foi fechada",
    "it is empty": "está vazio",
    "certificate does not fit":
      "o certificado dele não confere: indique o certo com --ca, ou o nome certo dele",
    "no tls there": "ele não fala TLS",
    "no such file or folder": "o arquivo ou a pasta não existe",
    "permission denied": "sem permissão",
    "no space left on device": "o disco está cheio",
    "is a folder": "é uma pasta",
    "not a wav file": "não é um arquivo WAV",
  },

  // The command line
  arguments: {
    REGISTRY: "REGISTRO",
    NAME: "NOME",
    PORT: "PORTA",
  },
  unknownOption: (option: string) => `A opção ${option} não existe.`,
  missingArgument: (argument: string) => `Falta o argumento ${argument}.`,
  tooManyArguments: (argument: string) =>
    `O argumento “${argument}” sobra. Um nome com espaços precisa estar entre aspas.`,
  valueMissing: (option: string) => `A opção ${option} precisa de um valor.`,
  badFile: (option: string, path: string, detail: string) =>
    `O arquivo “${path}” de ${option} não pôde ser usado (${detail}).`,
  noTerminal: (option: string) => `A opção ${option} pergunta em um terminal, e aqui não há nenhum.`,
  incomplete: (option: string, missing: string) => `A opção ${option} precisa de ${missing}.`,
  badValue: (option: string, value: string) => `O valor “${value}” não serve para ${option}.`,
  /** What is good for each argument and option that can have a wrong value. */
  expected: {
    REGISTRY:
      "Use um endereço ou nome de máquina, com a porta se não for 5000: 192.168.0.10 ou [2001:db8::1]:5000.",
    NAME: "Use de 1 a 32 caracteres visíveis, sem caracteres de controle.",
    PORT: "Use um número de 0 a 65535; 0 é uma porta livre qualquer.",
    "--call": "Use o nome de uma pessoa, de 1 a 32 caracteres visíveis.",
    "--answer": "Use ask, accept ou reject.",
    "--hang-up-after": "Use um número de segundos maior que zero, como 20 ou 2.5.",
    "--mic": "Use um dispositivo, um arquivo .wav, tone ou silence.",
    "--speaker": "Use um dispositivo, um arquivo .wav ou none.",
    "--frame": "Use 10 ou 20.",
    "--ip": "Use um endereço IPv4 ou IPv6.",
    "--require-encryption": "Use uma das duas opções, ou nenhuma.",
    "--log-keys": "Use o nome de um arquivo.",
    "--lang": "Use pt ou en.",
    "--room-password":
      "Use-a sem valor, para que a senha seja perguntada, ou use --room-password-file ou SALA_ROOM_PASSWORD.",
  },
  helpHint: "Com --help aparece como se usa.",
  help: `\
Uso: phone REGISTRO NOME [PORTA] [opções]
     phone --devices

Entra na sala como NOME, para ligar e receber ligações de voz.

  REGISTRO   máquina do registro: nome, endereço, nome:porta ou [IPv6]:porta (porta 5000)
  NOME       nome na sala, de 1 a 32 caracteres; entre aspas se tiver espaços
  PORTA      porta UDP em que este telefone atende (6000; 0 é uma livre qualquer)

Opções:
  --call NOME               liga para a pessoa e, quando a ligação acaba, sai
  --answer ask|accept|reject
                            perguntar a cada ligação (ask), aceitar ou recusar todas
  --hang-up-after SEGUNDOS  encerra cada ligação depois desse tempo
  --mic ORIGEM              microfone: número ou parte do nome de um dispositivo, arquivo .wav,
                            tone (um tom de teste) ou silence (silêncio)
  --speaker DESTINO         alto-falante: número ou parte do nome de um dispositivo, arquivo .wav
                            em que gravar, ou none (nenhum)
  --devices                 mostra os dispositivos de som e sai
  --frame 10|20             milissegundos de som por pacote (20; 10 atrasa menos e custa mais)
  --no-fec                  não prepara a voz para perdas (FEC da Opus)
  --no-redundancy           não envia cópias dos últimos pacotes contra perdas
  --no-stretch              não toca mais rápido nem mais devagar para seguir a rede
  --no-echo-cancel --no-noise-reduction --no-gain
                            não tira do microfone o eco, o ruído, nem ajusta o volume
  --require-encryption      só faz e aceita chamadas cifradas
  --no-encryption           não cifra chamadas, para que outros programas possam ouvi-las
  --log-keys ARQUIVO        escreve no arquivo as chaves de cada chamada, para decifrar uma captura
  --ip ENDEREÇO             endereço a registrar, em vez do da conexão com o registro
  --room-password-file ARQUIVO
                            a senha da sala está no arquivo (também serve SALA_ROOM_PASSWORD)
  --room-password           pergunta a senha da sala, sem mostrá-la
  --tls                     fala com o registro por TLS
  --ca ARQUIVO              confia também nos certificados deste arquivo (PEM)
  --lang pt|en              idioma da tela (o do sistema)
  --json                    escreve um evento por linha, em JSON, para programas
  --quiet                   não mostra as mensagens enviadas e recebidas
  --help                    mostra esta ajuda`,
  exitStatus: `\
Código de saída:
  0  tudo certo                          5  o som pedido não pôde ser usado
  2  linha de comando errada             6  com --call: não há essa pessoa
  3  o nome já está em uso               7  com --call: recusada ou ocupada
  4  sem contato com o registro          8  com --call: sem resposta`,
};

/** The shape that the texts have in every language. */
export type Texts = typeof TEXTS_PT;
